// People as others see them: the JSON of a user, and the short form that stands beside what somebody wrote.

public import API
public import Access
public import Chronology
public import Identifiers
public import JSON
public import Problems
import SQL

/// The columns of a person that others may see.
public struct UserRow: Hashable, Sendable {
  public var id: Identifier
  public var username: String
  public var displayName: String?
  public var avatarBlob: String?
  public var isBot: Bool
  /// What the person chose; whether they are there is known to the process only.
  public var chosenStatus: String
  public var customStatus: String?
  public var created: WallTime
  public var lastSeen: WallTime?
  public var timedOutUntil: WallTime?

  /// What follows `SELECT`, for `init`.
  static let columns = """
    id, username, display_name, avatar_blob, kind = 'bot', status, custom_status, created_at, last_seen_at,
    timed_out_until FROM users
    """

  init(_ row: borrowing Row) {
    id = row.identifier(0)
    username = row.text(1)
    displayName = row.optionalText(2)
    avatarBlob = row.optionalText(3)
    isBot = row.bool(4)
    chosenStatus = row.text(5)
    customStatus = row.optionalText(6)
    created = row.time(7)
    lastSeen = row.optionalTime(8)
    timedOutUntil = row.optionalTime(9)
  }
}

extension Tables {
  /// Anybody who ever wrote something here: members, bots, imported authors, and those who left.
  public func user(_ id: Identifier) throws(Problem) -> UserRow? {
    try first("SELECT \(UserRow.columns) WHERE id = ?1", id) { UserRow($0) }
  }

  /// Members with ids above `last`, in the order of their ids.
  public func members(after last: Identifier? = nil, limit: Int = Int.max) throws(Problem) -> [UserRow] {
    try query(
      "SELECT \(UserRow.columns) WHERE id > ?1 AND state = 'active' AND kind <> 'imported' ORDER BY id LIMIT ?2",
      last?.rawValue ?? -1, limit
    ) { UserRow($0) }
  }

  /// The short form of some people. Ids that nobody has are left out.
  public func authors(_ ids: some Sequence<Identifier>) throws(Problem) -> [Identifier: AuthorView] {
    var found: [Identifier: AuthorView] = [:]
    for id in Set(ids) {
      found[id] = try first(
        "SELECT id, username, display_name, avatar_blob, kind = 'bot' FROM users WHERE id = ?1", id
      ) { AuthorView($0) }
    }
    return found
  }
}

/// The short form: `{id, username, display_name, avatar_url, bot}`.
public struct AuthorView: Hashable, Sendable {
  public var id: Identifier
  public var username: String
  public var displayName: String?
  public var avatarBlob: String?
  public var isBot: Bool

  init(_ row: borrowing Row) {
    id = row.identifier(0)
    username = row.text(1)
    displayName = row.optionalText(2)
    avatarBlob = row.optionalText(3)
    isBot = row.bool(4)
  }

  /// What to call them.
  public var name: String { displayName ?? username }

  public var json: JSONValue {
    [
      "id": .string(id.description), "username": .string(username),
      "display_name": displayName.map { .string($0) } ?? .null,
      "avatar_url": UserView.avatarURL(id, avatarBlob), "bot": .bool(isBot),
    ]
  }
}

/// The JSON of a user.
public enum UserView {
  /// - Parameter presence: `online`, `idle`, `dnd` or `offline`, as the process knows it; of its own a row is nowhere.
  public static func json(
    _ user: UserRow, _ directory: Directory, at time: WallTime, presence: String = "offline"
  ) -> JSONValue {
    let roles = directory.members[user.id]?.roles ?? []
    let timeout = user.timedOutUntil.flatMap { $0 > time ? $0 : nil }
    return [
      "id": .string(user.id.description), "username": .string(user.username),
      "display_name": user.displayName.map { .string($0) } ?? .null,
      "avatar_url": avatarURL(user.id, user.avatarBlob), "bot": .bool(user.isBot), "status": .string(presence),
      "custom_status": user.customStatus.map { .string($0) } ?? .null,
      "created_at": .string(Timestamp(user.created).text),
      "last_seen_at": user.lastSeen.map { .string(Timestamp($0).text) } ?? .null,
      "roles": .array(roles.map { .string($0.description) }),
      "timed_out_until": timeout.map { .string(Timestamp($0).text) } ?? .null,
    ]
  }

  /// The user with this id as of now, for events; null when there is none.
  public static func json(
    _ id: Identifier, _ tables: Tables, _ directory: Directory, at time: WallTime
  ) throws(Problem) -> JSONValue {
    try tables.user(id).map { json($0, directory, at: time) } ?? .null
  }

  /// The caller's own view: what others see, with the chosen status, and what is nobody else's business.
  public static func own(
    _ id: Identifier, _ tables: Tables, _ directory: Directory, at time: WallTime
  ) throws(Problem) -> JSONValue {
    guard let user = try tables.user(id) else { throw .unauthorized }
    guard var object = json(user, directory, at: time, presence: user.chosenStatus).object else { return .null }
    // A bot has no account beside its name.
    let account = try tables.account(id)
    object["email"] = account?.email.map { .string($0) } ?? .null
    object["two_factor_enabled"] = .bool(account?.hasTwoFactor ?? false)
    object["must_change_password"] = .bool(account.map { $0.passwordHash == nil } ?? false)
    return .object(object)
  }

  /// Changes with the picture, so that browsers keep it for as long as they like.
  static func avatarURL(_ id: Identifier, _ blob: String?) -> JSONValue {
    blob.map { .string("/api/users/\(id)/avatar?v=\($0.prefix(8))") } ?? .null
  }
}
