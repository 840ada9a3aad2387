// What other modules do with files: store what came, hang it on a message, show it, remove it.

public import API
import Access
import Chronology
public import Identifiers
public import JSON
public import Problems
import SQL

public enum Attachments {
  /// Stores the row of a file whose content has been kept. It belongs to no message yet.
  @discardableResult
  public static func store(
    _ file: KeptFile, name: String, by user: Identifier, _ writing: inout Writing
  ) throws(Problem) -> Attachment {
    let id = writing.newIdentifier()
    try writing.tables.execute(
      """
      INSERT INTO attachments (id, user_id, filename, mime_type, file_size, blob, width, height, thumbnail_blob,
        thumbnail_type, thumbnail_size, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
      """, id, user, FileName.clean(name), file.type, file.size, file.blob, file.width, file.height, file.thumbnail,
      file.thumbnailType, file.thumbnailSize, writing.at)
    guard let stored = try find(id, writing.tables) else { throw .internal }
    return stored
  }

  /// What the files of a new message are. Each must be an upload of `author` that belongs to no message.
  public static func kinds(
    of ids: [Identifier], by author: Identifier, _ tables: Tables
  ) throws(Problem) -> [AttachmentKind] {
    guard Set(ids).count == ids.count else { throw .invalid("/attachments", "names a file twice") }
    var kinds: [AttachmentKind] = []
    for (index, id) in ids.enumerated() {
      // Somebody else's upload, and one that was sent, are as good as none: an id is no right to a file.
      guard let file = try find(id, tables), file.user == author, file.message == nil else {
        throw .invalid("/attachments/\(index)", "there is no such upload")
      }
      kinds.append(file.kind)
    }
    return kinds
  }

  /// Hangs the files on a message, in this order; `kinds` has let them pass in the same transaction.
  public static func link(
    _ ids: [Identifier], to message: Identifier, in channel: Identifier, _ tables: Tables
  ) throws(Problem) {
    for (position, id) in ids.enumerated() {
      let changed = try tables.execute(
        "UPDATE attachments SET message_id = ?2, channel_id = ?3, position = ?4 WHERE id = ?1 AND message_id IS NULL",
        id, message, channel, position)
      guard changed == 1 else { throw .invalid("/attachments/\(position)", "there is no such upload") }
    }
  }

  /// The files of each message, as clients get them.
  public static func views(
    of messages: [Identifier], _ tables: Tables
  ) throws(Problem) -> [Identifier: [JSONValue]] {
    var views: [Identifier: [JSONValue]] = [:]
    let files = try tables.query(
      """
      SELECT \(Attachment.columns) FROM json_each(?1) j CROSS JOIN attachments a ON a.message_id = j.value
      ORDER BY a.message_id, a.position
      """, list(messages)
    ) { Attachment($0) }
    for file in files { if let message = file.message { views[message, default: []].append(file.json) } }
    return views
  }

  /// Removes the files of messages that are about to go. Their content follows when nothing else names it.
  public static func remove(of messages: [Identifier], _ tables: Tables) throws(Problem) {
    try tables.execute(
      "DELETE FROM attachments WHERE message_id IN (SELECT value FROM json_each(?1))", list(messages))
  }

  static func find(_ id: Identifier, _ tables: Tables) throws(Problem) -> Attachment? {
    try tables.first("SELECT \(Attachment.columns) FROM attachments a WHERE a.id = ?1", id) { Attachment($0) }
  }

  /// The file, if `user` may see it: sent, by the permission of its channel; not sent, by being its uploader. Otherwise
  /// there is none (UN-074).
  static func find(
    _ id: Identifier, for user: Identifier, _ reading: borrowing Reading
  ) throws(Problem) -> Attachment {
    guard let file = try find(id, reading.tables) else { throw .notFound("attachment") }
    let isSeen =
      if file.message != nil, let channel = file.channel {
        reading.directory.sees(user, channel, at: reading.at)
      } else {
        file.user == user
      }
    guard isSeen else { throw .notFound("attachment") }
    return file
  }

  static func list(_ ids: [Identifier]) -> String { "[\(ids.map { String($0.rawValue) }.joined(separator: ","))]" }
}
