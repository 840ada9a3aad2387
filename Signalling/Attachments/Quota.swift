// How much one member may keep here.

import API
import Chronology
import Identifiers
import Problems
import SQL

enum Quota {
  /// Passes when `user` has room for `count` bytes more.
  static func require(_ count: Int, for user: Identifier, _ tables: Tables) throws(Problem) {
    let used = try tables.first(
      """
      SELECT coalesce(sum(file_size), 0), count(*) FILTER (WHERE message_id IS NULL) FROM attachments WHERE user_id = ?1
      """, user
    ) { row in (bytes: row.int(0), unsent: row.int(1)) }
    guard let used else { return }
    guard used.unsent < Limit.unsent else {
      throw Problem(
        .conflict, "send the \(Limit.unsent) files that wait before you upload more", reason: "too_many_unsent")
    }
    guard used.bytes <= Limit.bytesPerMember - count else {
      throw Problem(
        .conflict, "your files fill the \(Limit.bytesPerMember / 1_073_741_824) GiB that a member has",
        reason: "quota_exceeded")
    }
  }
}
