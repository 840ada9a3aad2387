// Whom a message notifies: what its text names, as far as that exists and its author may.

import API
import Access
import Chronology
import Identifiers
import Problems
import SQL

struct MentionSet: Hashable, Sendable {
  var users: [Identifier] = []
  var roles: [Identifier] = []
  var everyone = false

  var isEmpty: Bool { users.isEmpty && roles.isEmpty && !everyone }

  /// `flags` with the bits that this set stands for.
  func marking(_ flags: MessageFlags) -> MessageFlags {
    var flags = flags.subtracting([.everyone, .mentions])
    if everyone { flags.insert(.everyone) }
    if !users.isEmpty || !roles.isEmpty { flags.insert(.mentions) }
    return flags
  }
}

extension MentionSet {
  /// What of `tokens` counts. Everybody, and a role that is not open to mentions, needs `mayAll`; what `old` notified
  /// already goes on doing so, so that mending a word takes nothing away.
  static func resolve(
    _ tokens: MentionTokens, mayAll: Bool, old: MentionSet = MentionSet(), _ directory: Directory, _ tables: Tables
  ) throws(Problem) -> MentionSet {
    var result = MentionSet()
    result.users = Array(tokens.users.lazy.filter { directory.members[$0] != nil }.prefix(Limit.mentionedUsers))
    var all = tokens.everyone
    for role in tokens.roles where directory.roles[role] != nil && result.roles.count < Limit.mentionedRoles {
      if role == directory.everyone {
        all = true
      } else if mayAll || old.roles.contains(role) {
        result.roles.append(role)
      } else if try tables.exists("SELECT 1 FROM roles WHERE id = ?1 AND mentionable = 1", role) {
        result.roles.append(role)
      }
    }
    result.everyone = all && (mayAll || old.everyone)
    return result
  }

  /// Kinds of `mentions.kind`.
  private static let user = 0
  private static let role = 1
  private static let all = 2
  /// `target_id` of everybody.
  static let everybody = Identifier(rawValue: 0)

  private var targets: [Identifier: Int] {
    var result: [Identifier: Int] = [:]
    for id in users { result[id] = Self.user }
    for id in roles { result[id] = Self.role }
    if everyone { result[Self.everybody] = Self.all }
    return result
  }

  /// Makes the rows of `message` say this instead of `old`.
  func store(
    for message: Identifier, in channel: Identifier, instead old: MentionSet = MentionSet(), _ tables: Tables
  ) throws(Problem) {
    guard self != old else { return }
    let before = old.targets
    let after = targets
    for target in before.keys where after[target] == nil {
      try tables.execute(
        "DELETE FROM mentions WHERE channel_id = ?1 AND target_id = ?2 AND message_id = ?3", channel, target, message)
    }
    for (target, kind) in after where before[target] == nil {
      try tables.execute(
        "INSERT INTO mentions (channel_id, target_id, message_id, kind) VALUES (?1, ?2, ?3, ?4)", channel, target,
        message, kind)
    }
  }

  static let ofMessages = """
    SELECT n.message_id, n.kind, n.target_id FROM json_each(?1) j CROSS JOIN mentions n ON n.message_id = j.value
    ORDER BY n.message_id, n.target_id
    """

  /// What the rows of `messages` say. Order within a message: by id.
  static func load(_ messages: [Identifier], _ tables: Tables) throws(Problem) -> [Identifier: MentionSet] {
    let rows = try tables.query(ofMessages, list(messages)) { row in (row.identifier(0), row.int(1), row.identifier(2))
    }
    var result: [Identifier: MentionSet] = [:]
    for (message, kind, target) in rows {
      switch kind {
      case user: result[message, default: MentionSet()].users.append(target)
      case role: result[message, default: MentionSet()].roles.append(target)
      default: result[message, default: MentionSet()].everyone = true
      }
    }
    return result
  }
}
