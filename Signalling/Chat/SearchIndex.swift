// The index of words, kept in step with the messages: every change of a message goes through here.

import API
import Identifiers
import Problems

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
