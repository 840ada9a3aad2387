// What the gateway reads and writes: rows for a new client, members that a client asks for, and what is remembered of
// people's presence. The process runs these on its database threads.

public import API
import Access
public import Chronology
public import Identifiers
import JSON
public import Problems

/// What a read found.
public struct GatewayView: Sendable {
  /// An object whose members become part of the message.
  public var body: [UInt8]
  /// The number of the last transaction that is in it (`CommitNumber`).
  public var commit: UInt64
  /// The version of the directory that it was made with.
  public var version: UInt64
  /// What the reader of `ready` chose to be seen as.
  public var status: String?
  /// The members whose entries are in it.
  public var members: [Identifier]

  public init(body: [UInt8], commit: UInt64, version: UInt64, status: String? = nil, members: [Identifier] = []) {
    self.body = body
    self.commit = commit
    self.version = version
    self.status = status
    self.members = members
  }
}

public enum GatewayQuery: Hashable, Sendable {
  /// The rows of `ready`. Of a large membership the people who are online come first.
  case ready(user: Identifier, online: [Identifier])
  case members(user: Identifier, [Identifier])
  /// Members whose name begins with `prefix`.
  case search(user: Identifier, prefix: String, limit: Int)

  /// The channels of the server as `channel_create` tells them, for `GatewayNode.init`.
  public static func channels(_ reading: borrowing Reading) throws(Problem) -> [Identifier: [UInt8]] {
    try ReadyView.channelBodies(reading)
  }

  /// Runs the query on one snapshot.
  public func load(_ reading: borrowing Reading) throws(Problem) -> GatewayView {
    let commit = try CommitNumber.current(reading.database)
    var view: GatewayView
    switch self {
    case .ready(let user, let online): view = try ReadyView.load(reading, user, online)
    case .members(_, let users): view = try ReadyView.members(reading, users)
    case .search(_, let prefix, let limit):
      view = try ReadyView.members(reading, try ReadyView.search(reading, prefix, limit))
    }
    view.commit = commit
    view.version = reading.directory.version
    return view
  }
}

/// What is remembered of people who come and go: when they were last seen, and what they chose to be seen as.
public struct GatewayNote: Hashable, Sendable {
  struct Seen: Hashable, Sendable {
    var user: Identifier
    var at: WallTime
  }
  struct Choice: Hashable, Sendable {
    var user: Identifier
    var status: String
  }

  private var seenRows: [Seen] = []
  private var choiceRows: [Choice] = []

  public init() {}

  public var isEmpty: Bool { seenRows.isEmpty && choiceRows.isEmpty }

  mutating func sawLast(_ user: Identifier, at time: WallTime) { seenRows.append(Seen(user: user, at: time)) }
  mutating func chose(_ user: Identifier, _ status: String) { choiceRows.append(Choice(user: user, status: status)) }

  /// Who was last seen when.
  public var seen: [(user: Identifier, at: WallTime)] { seenRows.map { ($0.user, $0.at) } }
  /// Who chose what.
  public var choices: [(user: Identifier, status: String)] { choiceRows.map { ($0.user, $0.status) } }

  /// Writes it, as part of a transaction.
  public func write(_ writing: borrowing Writing) throws(Problem) {
    for row in seenRows {
      try writing.tables.execute("UPDATE users SET last_seen_at = ?2 WHERE id = ?1", row.user, row.at)
    }
    for row in choiceRows {
      try writing.tables.execute("UPDATE users SET status = ?2 WHERE id = ?1", row.user, row.status)
    }
  }
}
