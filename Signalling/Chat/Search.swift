// Finding messages by their words (MQ-258). What the caller may see is part of the question to the index, so that
// neither the number of results nor the time they take says anything about other channels.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

/// Where somebody may look.
struct SearchScope {
  /// Every channel that they see.
  var visible: Set<Identifier> = []
  /// The same as tags of the index, any of which must be there.
  var tags: [String] = []

  init(_ user: Identifier, _ directory: Directory, at time: WallTime) {
    var shown: [Identifier] = []
    var hidden: [Identifier] = []
    var own: [Identifier] = []
    for (id, channel) in directory.channels {
      let sees = directory.sees(user, id, at: time)
      if sees { visible.insert(id) }
      switch (channel.kind.isConversation, sees) {
      case (true, true): own.append(id)
      case (true, false): break
      case (false, true): shown.append(id)
      case (false, false): hidden.append(id)
      }
    }
    // With more channels than the index should be asked for one by one, the rows decide.
    if hidden.isEmpty || min(shown.count, hidden.count) > Limit.searchChannels {
      tags.append(Self.quoted(SearchTag.server))
    } else if hidden.count < shown.count {
      let without = hidden.sorted().map { Self.quoted(SearchTag.channel($0)) }.joined(separator: " OR ")
      tags.append("(\(Self.quoted(SearchTag.server)) NOT (\(without)))")
    } else {
      tags += shown.sorted().map { Self.quoted(SearchTag.channel($0)) }
    }
    if own.count > Limit.searchChannels {
      tags.append(Self.quoted(SearchTag.conversations))
    } else {
      tags += own.sorted().map { Self.quoted(SearchTag.channel($0)) }
    }
  }

  /// Only these channels, as far as they are visible.
  mutating func narrow(to channels: [Identifier]) {
    visible.formIntersection(channels)
    tags = visible.sorted().map { Self.quoted(SearchTag.channel($0)) }
  }

  static func quoted(_ word: String) -> String { "\"\(word)\"" }
}

enum Search {
  static let matching = """
    SELECT \(Message.columns) FROM message_search s CROSS JOIN messages m ON m.id = s.rowid
    JOIN users u ON u.id = m.user_id
    WHERE s.message_search MATCH ?1 AND s.rowid < ?2 AND s.rowid >= ?3
      AND m.channel_id IN (SELECT value FROM json_each(?4))
    ORDER BY s.rowid DESC LIMIT ?5
    """

  /// Messages that `query` describes and `user` may see, newest first, older than `cursor`.
  static func find(
    _ query: SearchQuery, by user: Identifier, before cursor: Identifier?, limit: Int, _ directory: Directory,
    at time: WallTime, _ tables: Tables
  ) throws(Problem) -> [Message] {
    var scope = SearchScope(user, directory, at: time)
    if !query.channels.isEmpty {
      scope.narrow(to: try channels(query.channels, among: scope.visible, tables))
    }
    // What must be there and must not be there is nowhere; the index would look for it everywhere.
    guard !query.terms.contains(where: { query.excluded.contains($0) }) else { return [] }
    guard !scope.visible.isEmpty, let expression = try expression(query, scope, user, tables) else { return [] }
    let until = min(
      cursor?.rawValue ?? Int64.max, query.until.map { Identifier(from: $0).rawValue } ?? Int64.max)
    let from = query.from.map { Identifier(from: $0).rawValue } ?? 0
    return try tables.query(matching, expression, until, from, list(scope.visible), limit) { row in Message(row) }
  }

  /// The question in the language of FTS5 (https://www.sqlite.org/fts5.html §3). Every word in it has gone through
  /// `SearchFolding` or is a tag, so that none holds a quote. Nil when nothing can match.
  private static func expression(
    _ query: SearchQuery, _ scope: SearchScope, _ user: Identifier, _ tables: Tables
  ) throws(Problem) -> String? {
    var parts = query.terms.map { "text : \(phrase($0))" }
    for mentioned in query.mentions {
      guard let id = try account(mentioned, user, tables) else { return nil }
      parts.append("text : \"\(id)\"")
    }
    if !query.authors.isEmpty {
      var tags: [String] = []
      for author in query.authors {
        if let id = try account(author, user, tables) { tags.append(SearchScope.quoted(SearchTag.author(id))) }
      }
      guard !tags.isEmpty else { return nil }
      parts.append("tags : (\(tags.joined(separator: " OR ")))")
    }
    for content in query.contents.sorted(by: { $0.rawValue < $1.rawValue }) {
      parts.append("tags : \"\(tag(content))\"")
    }
    if query.isPinned == true { parts.append("tags : \"p\"") }
    parts.append("tags : (\(scope.tags.joined(separator: " OR ")))")
    var without = query.excluded.map { "text : \(phrase($0))" }
    if query.isPinned == false { without.append("tags : \"p\"") }
    let positive = parts.joined(separator: " AND ")
    return without.isEmpty ? positive : "(\(positive)) NOT (\(without.joined(separator: " OR ")))"
  }

  private static func phrase(_ term: SearchQuery.Term) -> String {
    "\"\(term.words.joined(separator: " "))\"" + (term.isPrefix ? " *" : "")
  }

  private static func tag(_ content: SearchQuery.Content) -> String {
    switch content {
    case .link: "l"
    case .image: "i"
    case .video: "v"
    case .file: "f"
    case .embed: "e"
    }
  }

  // MARK: Names

  /// `me`, an id, `<@id>`, `name` or `@name`.
  private static func account(
    _ text: String, _ user: Identifier, _ tables: Tables
  ) throws(Problem) -> Identifier? {
    var name = text[...]
    if name.hasPrefix("<@"), name.hasSuffix(">") { name = name.dropFirst(2).dropLast() }
    if name.first == "@" { name = name.dropFirst() }
    if name == "me" { return user }
    if let id = Identifier(name) { return id }
    return try tables.first("SELECT id FROM users WHERE username_key = ?1", name.lowercased()) { row in
      row.identifier(0)
    }
  }

  /// Ids, `<#id>`, `name` or `#name`, among the channels that the caller sees.
  private static func channels(
    _ texts: [String], among visible: Set<Identifier>, _ tables: Tables
  ) throws(Problem) -> [Identifier] {
    var result: [Identifier] = []
    for text in texts {
      var name = text[...]
      if name.hasPrefix("<#"), name.hasSuffix(">") { name = name.dropFirst(2).dropLast() }
      if name.first == "#" { name = name.dropFirst() }
      if let id = Identifier(name) {
        result.append(id)
      } else {
        let sql = "SELECT c.id FROM json_each(?1) j CROSS JOIN channels c ON c.id = j.value WHERE c.name = ?2"
        result += try tables.query(sql, list(visible), String(name)) { row in row.identifier(0) }
      }
    }
    return result
  }
}
