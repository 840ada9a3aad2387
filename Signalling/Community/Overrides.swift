// Overrides as rows: of channels, where the evaluator reads them, and of categories, which only lend them to channels.
//
// A channel is synced while its overrides equal those of its category. Nothing else marks it: a change of the category's
// overrides reaches the channels that were equal before it, and a channel that got one of its own is left alone from then
// on (Discord's convention; decision 0014).

import API
import Access
import Identifiers
import JSON
import Problems
import SQL

typealias Overrides = [OverrideTarget: Override]

/// One of the two tables, which differ in the name of one column.
enum OverrideTable {
  case channel, category

  private var name: String { self == .channel ? "channel_permissions" : "category_permissions" }
  private var owner: String { self == .channel ? "channel_id" : "category_id" }

  func read(_ id: Identifier, _ tables: Tables) throws(Problem) -> Overrides {
    let sql = "SELECT role_id, user_id, allow, deny FROM \(name) WHERE \(owner) = ?1"
    let rows = try tables.query(sql, id) { row -> (OverrideTarget, Override) in
      let target: OverrideTarget = row.isNull(0) ? .member(row.identifier(1)) : .role(row.identifier(0))
      return (target, Override(allow: Permissions(rawValue: row.int64(2)), deny: Permissions(rawValue: row.int64(3))))
    }
    return Dictionary(rows, uniquingKeysWith: { first, _ in first })
  }

  /// Nil removes it.
  func write(
    _ override: Override?, for target: OverrideTarget, of id: Identifier, _ tables: Tables
  ) throws(Problem) {
    let columns = target.columns
    try tables.execute(
      "DELETE FROM \(name) WHERE \(owner) = ?1 AND role_id IS ?2 AND user_id IS ?3", id, columns.role, columns.user)
    guard let override else { return }
    try tables.execute(
      "INSERT INTO \(name) (\(owner), role_id, user_id, allow, deny) VALUES (?1, ?2, ?3, ?4, ?5)", id, columns.role,
      columns.user, override.allow.rawValue, override.deny.rawValue)
  }
}

enum Inheritance {
  /// Gives a new channel the overrides of its category.
  static func copy(from category: Identifier, to channel: Identifier, _ tables: Tables) throws(Problem) {
    try tables.execute(
      """
      INSERT INTO channel_permissions (channel_id, role_id, user_id, allow, deny)
      SELECT ?2, role_id, user_id, allow, deny FROM category_permissions WHERE category_id = ?1
      """, category, channel)
  }

  /// Whether the channel has a category and the same overrides as it.
  static func isSynced(_ channel: Channel, _ tables: Tables) throws(Problem) -> Bool {
    guard let category = channel.category else { return false }
    return try OverrideTable.category.read(category, tables) == channel.overrides
  }
}

extension Overrides {
  /// Overrides in a body, checked for sense but not for what the caller may do.
  static func read(_ list: [JSONValue]) throws(Problem) -> Overrides {
    var result: Overrides = [:]
    for (index, value) in list.enumerated() {
      guard let id = value["target_id"]?.string.flatMap({ Identifier($0) }) else { continue }
      let target: OverrideTarget = value["target_type"]?.string == "member" ? .member(id) : .role(id)
      let pointer = "/overrides/\(index)"
      guard result[target] == nil else { throw .invalid(pointer, "has the same target as one before it") }
      result[target] = try Override.read(value, at: pointer)
    }
    return result
  }

  /// The targets whose override differs between the two.
  func targetsThatDiffer(from other: Overrides) -> [OverrideTarget] {
    Set(keys).union(other.keys).filter { self[$0] != other[$0] }.sorted { $0.order < $1.order }
  }
}

extension Override {
  /// `{allow, deny}`: bits that mean something in a channel, none of them both allowed and denied.
  static func read(_ value: JSONValue, at pointer: String = "") throws(Problem) -> Override {
    let override = Override(
      allow: Permissions(rawValue: value["allow"]?.integer ?? 0),
      deny: Permissions(rawValue: value["deny"]?.integer ?? 0))
    for (name, bits) in [("allow", override.allow), ("deny", override.deny)] {
      guard bits.isSubset(of: .ofChannels) else {
        throw .invalid(
          "\(pointer)/\(name)",
          "has bits that mean nothing in a channel: \(Permissions.ofChannels.rawValue) are all that do")
      }
    }
    guard override.allow.isDisjoint(with: override.deny) else {
      throw .invalid("\(pointer)/deny", "must not name what is allowed")
    }
    return override
  }
}
