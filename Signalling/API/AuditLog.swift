// The log of what was done: append-only, and chained by hashes so that a row that was changed later shows (UN-057…UN-060).

import Access
import Chronology
import Cryptography
import Identifiers
public import JSON
public import Problems
import SQL

/// One administrative act, before it is written.
public struct AuditEntry: Sendable {
  /// Lower snake case: `role_update`, `member_ban` (UN-058).
  public var action: String
  /// `community`, `identity`, `chat`, …
  public var module: String
  /// What it was done to: `("role", id)`.
  public var record: (type: String, id: String)?
  public var details: String?
  /// Members that changed, before and after.
  public var old: JSONValue?
  public var new: JSONValue?

  public init(
    _ action: String, _ module: String, record: (type: String, id: String)? = nil, details: String? = nil,
    old: JSONValue? = nil, new: JSONValue? = nil
  ) {
    self.action = action
    self.module = module
    self.record = record
    self.details = details
    self.old = old
    self.new = new
  }
}

extension Writing {
  /// Writes `entry` in this transaction, as done by the caller of `call`.
  public mutating func record(_ entry: AuditEntry, _ call: Call) throws(Problem) {
    let id = newIdentifier()
    let row = AuditRow(
      id: id, user: call.caller?.user, entry: entry, reason: call.reason, address: call.origin.address,
      userAgent: call.origin.userAgent, time: at)
    let hash = row.hash(after: state.auditTip)
    do {
      _ = try database.execute(
        """
        INSERT INTO audit_logs (id, user_id, action, module, record_type, record_id, details, reason, old_values,
          new_values, ip_address, user_agent, created_at, hash) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)
        """, values: row.values(hash))
    } catch { throw Problem(error) }
    state.auditTip = hash
  }
}

/// A row of the log as its hash covers it.
public struct AuditRow: Sendable {
  let id: Identifier
  let user: Identifier?
  let entry: AuditEntry
  let reason: String?
  let address: String
  let userAgent: String
  let time: WallTime

  /// SHA-256 of the previous hash and the row as a JSON array: every value has one spelling in it.
  func hash(after previous: [UInt8]) -> [UInt8] {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    let content: JSONValue = [
      .integer(id.rawValue), user.map { .integer($0.rawValue) } ?? .null, .string(entry.action), .string(entry.module),
      text(entry.record?.type), text(entry.record?.id), text(entry.details), text(reason),
      text(entry.old?.description), text(entry.new?.description), .string(address), .string(userAgent),
      .integer(time.milliseconds),
    ]
    return SHA256.digest(of: previous + content.serialized)
  }

  func values(_ hash: [UInt8]) -> [SQLValue] {
    [
      .integer(id.rawValue), user.sqlValue, .text(entry.action), .text(entry.module),
      (entry.record?.type).sqlValue, (entry.record?.id).sqlValue, entry.details.sqlValue, reason.sqlValue,
      (entry.old?.description).sqlValue, (entry.new?.description).sqlValue, .text(address), .text(userAgent),
      .integer(time.milliseconds), .blob(hash),
    ]
  }
}
