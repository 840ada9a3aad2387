// The index of words, kept in step with the messages: every change of a message goes through here.
//
// FTS5 writes what it has gathered at every savepoint, of which each message has one; a message by itself costs it three
// times as much as one of many. So new messages wait in `search_backlog` until some have come together, and a search
// begins by putting there what still waits.

import API
import Identifiers
import Problems
import SQL

enum SearchIndex {
  /// A new message: it waits, and about each 64th brings those that wait into the index.
  static func add(_ message: Message, _ tables: Tables) throws(Problem) {
    try tables.execute("INSERT INTO search_backlog (message_id) VALUES (?1)", message.id)
    // Times and numbers within a millisecond both vary: no count has to be kept.
    if (message.id.rawValue >> 22 ^ message.id.rawValue) & 63 == 0 { _ = try catchUp(tables) }
  }

  static func update(_ message: Message, from old: Message, _ tables: Tables) throws(Problem) {
    guard try !waits(old.id, tables) else { return }
    try SearchEntry(message).replace(SearchEntry(old), tables)
  }

  static func remove(_ message: Message, _ tables: Tables) throws(Problem) {
    let waited = try tables.execute("DELETE FROM search_backlog WHERE message_id = ?1", message.id)
    if waited == 0 { try SearchEntry(message).remove(tables) }
  }

  private static func waits(_ id: Identifier, _ tables: Tables) throws(Problem) -> Bool {
    try tables.exists("SELECT 1 FROM search_backlog WHERE message_id = ?1", id)
  }

  /// Whether a search would miss anything.
  static func isBehind(_ tables: Tables) throws(Problem) -> Bool {
    try tables.exists("SELECT 1 FROM search_backlog")
  }

  static let waiting = """
    SELECT b.message_id, m.channel_id, m.user_id, m.content, m.flags FROM search_backlog b
    CROSS JOIN messages m ON m.id = b.message_id ORDER BY b.message_id LIMIT ?1
    """

  /// Brings what waits into the index, at most `Limit.indexedAtOnce`. True when there may be more.
  static func catchUp(_ tables: Tables) throws(Problem) -> Bool {
    let entries = try tables.query(waiting, Limit.indexedAtOnce) { row in
      SearchEntry(
        id: row.identifier(0), channel: row.identifier(1), author: row.identifier(2), content: row.optionalText(3),
        flags: MessageFlags(rawValue: row.int64(4)))
    }
    guard let last = entries.last else { return false }
    for entry in entries { try entry.insert(tables) }
    try tables.execute("DELETE FROM search_backlog WHERE message_id <= ?1", last.id)
    return entries.count == Limit.indexedAtOnce
  }
}

/// What the index holds of one message.
struct SearchEntry: Hashable {
  var id: Identifier
  var text: String
  var tags: String

  init(_ message: Message) {
    self.init(
      id: message.id, channel: message.channel, author: message.author.id, content: message.content,
      flags: message.flags)
  }

  init(id: Identifier, channel: Identifier, author: Identifier, content: String?, flags: MessageFlags) {
    self.id = id
    text = content.map { SearchFolding.text($0) } ?? ""
    var words = [SearchTag.channel(channel), SearchTag.author(author)]
    words.append(flags.contains(.conversation) ? SearchTag.conversations : SearchTag.server)
    for (flag, tag) in SearchTag.ofFlags where flags.contains(flag) { words.append(tag) }
    tags = words.joined(separator: " ")
  }

  func insert(_ tables: Tables) throws(Problem) {
    try tables.execute("INSERT INTO message_search (rowid, text, tags) VALUES (?1, ?2, ?3)", id, text, tags)
  }

  /// Takes out exactly what `insert` put in: the index keeps no copy of it to compare.
  func remove(_ tables: Tables) throws(Problem) {
    try tables.execute(
      "INSERT INTO message_search (message_search, rowid, text, tags) VALUES ('delete', ?1, ?2, ?3)", id, text, tags)
  }

  /// Makes the index say `self` where it said `old`.
  func replace(_ old: SearchEntry, _ tables: Tables) throws(Problem) {
    guard self != old else { return }
    try old.remove(tables)
    try insert(tables)
  }
}

/// Words of the column `tags`.
enum SearchTag {
  /// Every message of a channel of the server, and every one of a conversation.
  static let server = "s"
  static let conversations = "d"

  static func channel(_ id: Identifier) -> String { "c\(id)" }
  static func author(_ id: Identifier) -> String { "u\(id)" }

  static let ofFlags: [(flag: MessageFlags, tag: String)] = [
    (.links, "l"), (.files, "f"), (.images, "i"), (.videos, "v"), (.embeds, "e"), (.pinned, "p"),
  ]
}
