// What nobody needs any more: uploads that were never sent, and content that no row names.
//
// Triggers note the blob of every row that goes or changes. An hour later it is looked up whether anything names it; if
// not, it is removed. What a crash left between storing a blob and writing its row is found by going through the store.

public import API
import Chronology
public import Problems
import SQL

extension Attachments {
  /// Removes uploads that were not sent in time, and tells which blobs can go once this is durable. For a scheduler, some
  /// times an hour: at most `Limit.collected` of each.
  public static func collect(_ writing: inout Writing) throws(Problem) -> [String] {
    let tables = writing.tables
    try tables.execute(
      """
      DELETE FROM attachments WHERE id IN (
        SELECT id FROM attachments WHERE message_id IS NULL AND created_at <= ?1 LIMIT ?2)
      """, writing.at.milliseconds - Limit.unsentLife, Limit.collected)
    try tables.execute("UPDATE blob_candidates SET since = ?1 WHERE since IS NULL", writing.at)
    let due = try tables.query(
      "SELECT blob FROM blob_candidates WHERE since <= ?1 ORDER BY since LIMIT ?2",
      writing.at.milliseconds - Limit.blobGrace, Limit.collected
    ) { row in row.text(0) }
    for blob in due { try tables.execute("DELETE FROM blob_candidates WHERE blob = ?1", blob) }
    return try unnamed(among: due, tables)
  }

  /// Those of `blobs` that no row names.
  public static func unnamed(among blobs: [String], _ tables: Tables) throws(Problem) -> [String] {
    var result: [String] = []
    for blob in blobs {
      let isNamed = try tables.exists(
        """
        SELECT 1 FROM attachments WHERE blob = ?1 UNION ALL SELECT 1 FROM attachments WHERE thumbnail_blob = ?1
        UNION ALL SELECT 1 FROM users WHERE avatar_blob = ?1 UNION ALL SELECT 1 FROM server WHERE icon_blob = ?1
        """, blob)
      if !isNamed { result.append(blob) }
    }
    return result
  }
}
