// What is done a little at a time, beside the requests: removing what belonged to a channel that is gone, and what the
// index of words still lacks.

public import API
import Access
import Chronology
public import Identifiers
public import Problems

extension Chat {
  /// One turn of work that nobody waits for. Run it on the writer after a channel is gone, at the start, and now and
  /// then; again at once while it returns true.
  public static func upkeep(_ writing: inout Writing) throws(Problem) -> Bool {
    let tables = writing.tables
    // A retry comes within minutes; without its nonce a message takes no place in the index of nonces.
    let old = Identifier(from: WallTime(milliseconds: writing.at.milliseconds - Limit.nonceMilliseconds))
    try tables.execute(
      "UPDATE messages SET nonce = NULL WHERE nonce IS NOT NULL AND id < ?1", old)
    if try SearchIndex.catchUp(tables) { return true }
    let gone = try tables.first("SELECT channel_id FROM channel_removals LIMIT 1") { row in row.identifier(0) }
    guard let gone else { return false }
    let messages = try Messages.page(.newest, of: gone, limit: Limit.removedPerTurn, tables)
    try Messages.remove(messages, of: gone, tables)
    if messages.count < Limit.removedPerTurn {
      try tables.execute("DELETE FROM channel_removals WHERE channel_id = ?1", gone)
    }
    return true
  }

  /// Removes what `user` wrote since `time`, everywhere, as a ban may ask for. Returns how many messages it were.
  public static func deleteRecent(
    of user: Identifier, since time: WallTime, _ writing: inout Writing
  ) throws(Problem) -> Int {
    var count = 0
    while true {
      let removed = try ChatEraser.deleteSome(of: user, from: Identifier(from: time), &writing)
      guard removed > 0 else { return count }
      count += removed
    }
  }
}
