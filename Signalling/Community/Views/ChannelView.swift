// Channels, as clients see them (MQ-052): what everybody who sees one may know, and what the asking member may do there.

public import API
public import Access
public import Chronology
public import Identifiers
public import JSON
public import Problems
import SQL

public enum ChannelView {
  private static let columns = """
    id, name, type, category_id, topic, position, user_limit, bitrate, slow_mode, last_message_id
    """

  /// The channels of the server that `user` may see, in their order, each with the user's effective `permissions`.
  public static func all(
    visibleTo user: Identifier, _ tables: Tables, _ directory: Directory, at time: WallTime
  ) throws(Problem) -> [JSONValue] {
    let sql = "SELECT \(columns) FROM channels WHERE type IN ('text', 'voice') ORDER BY position, id"
    // `nil` alone would be JSON's null here, and a hidden channel a gap in the list.
    return try tables.query(sql) { row -> JSONValue? in
      let held = directory.permissions(of: user, in: row.identifier(0), at: time)
      return held.contains(.viewChannel) ? view(row, directory, held) : .none
    }.compactMap { $0 }
  }

  /// One channel or conversation, whoever asks: for events, without `permissions`.
  public static func channel(
    _ id: Identifier, _ tables: Tables, _ directory: Directory
  ) throws(Problem) -> JSONValue? {
    try tables.first("SELECT \(columns) FROM channels WHERE id = ?1", id) { view($0, directory, nil) }
  }

  /// One channel or conversation, with what `user` may do there. Whether they may see it is for the caller to ask.
  public static func channel(
    _ id: Identifier, for user: Identifier, _ tables: Tables, _ directory: Directory, at time: WallTime
  ) throws(Problem) -> JSONValue? {
    let held = directory.permissions(of: user, in: id, at: time)
    return try tables.first("SELECT \(columns) FROM channels WHERE id = ?1", id) { view($0, directory, held) }
  }

  /// `{target_type, target_id, allow, deny}` of each override: roles before members, older before younger.
  public static func overrides(_ overrides: [OverrideTarget: Override]) -> JSONValue {
    .array(
      overrides.sorted { $0.key.order < $1.key.order }.map { target, override in
        [
          "target_type": .string(target.order.isMember ? "member" : "role"),
          "target_id": .string(target.order.id.description), "allow": .integer(override.allow.rawValue),
          "deny": .integer(override.deny.rawValue),
        ]
      })
  }

  private static func view(
    _ row: borrowing Row, _ directory: Directory, _ permissions: Permissions?
  ) -> JSONValue {
    let id = row.identifier(0)
    let channel = directory.channels[id]
    var object = JSONObject()
    object["id"] = .string(id.description)
    object["name"] = .string(row.text(1))
    object["type"] = .string(row.text(2))
    object["category_id"] = text(row.optionalIdentifier(3))
    object["topic"] = row.optionalText(4).map { .string($0) } ?? .null
    object["position"] = .integer(row.int64(5))
    object["user_limit"] = .integer(row.int64(6))
    object["bitrate"] = .integer(row.int64(7))
    object["slow_mode"] = .integer(row.int64(8))
    object["last_message_id"] = text(row.optionalIdentifier(9))
    object["overrides"] = overrides(channel?.overrides ?? [:])
    if let channel, channel.kind.isConversation {
      object["participants"] = .array(channel.participants.sorted().map { .string($0.description) })
    }
    if let permissions { object["permissions"] = .integer(permissions.rawValue) }
    return .object(object)
  }

  private static func text(_ id: Identifier?) -> JSONValue { id.map { .string($0.description) } ?? .null }
}

extension OverrideTarget {
  struct Order: Comparable {
    var isMember: Bool
    var id: Identifier

    static func < (a: Order, b: Order) -> Bool { a.isMember == b.isMember ? a.id < b.id : !a.isMember }
  }

  var order: Order {
    switch self {
    case .role(let id): Order(isMember: false, id: id)
    case .member(let id): Order(isMember: true, id: id)
    }
  }

  /// The two columns of a table of overrides, of which one is null.
  var columns: (role: Identifier?, user: Identifier?) {
    switch self {
    case .role(let id): (id, nil)
    case .member(let id): (nil, id)
    }
  }
}
