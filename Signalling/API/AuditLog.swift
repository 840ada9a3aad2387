// The log of what was done: append-only, and chained by hashes so that a row that was changed later shows (UN-057…UN-060).

import Access
public import Chronology
import Cryptography
public import Identifiers
public import JSON
public import Problems
public import SQL

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
    let row = AuditRow(id: newIdentifier(), entry, call, at: at)
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
public struct AuditRow: Hashable, Sendable {
  public let id: Identifier
  public let user: Identifier?
  public let action: String
  public let module: String
  public let recordType: String?
  public let recordID: String?
  public let details: String?
  public let reason: String?
  /// JSON, as it was written.
  public let oldValues: String?
  public let newValues: String?
  public let address: String?
  public let userAgent: String?
  public let time: WallTime

  /// What a query selects for `init(_:)`, in its order; `storedHash` reads the column behind them.
  public static let columns = """
    id, user_id, action, module, record_type, record_id, details, reason, old_values, new_values, ip_address, user_agent,
    created_at, hash
    """

  init(id: Identifier, _ entry: AuditEntry, _ call: Call, at time: WallTime) {
    self.id = id
    user = call.caller?.user
    action = entry.action
    module = entry.module
    recordType = entry.record?.type
    recordID = entry.record?.id
    details = entry.details
    reason = call.reason
    oldValues = entry.old?.description
    newValues = entry.new?.description
    address = call.origin.address
    userAgent = call.origin.userAgent
    self.time = time
  }

  public init(_ row: borrowing Row) {
    id = row.identifier(0)
    user = row.optionalIdentifier(1)
    action = row.text(2)
    module = row.text(3)
    recordType = row.optionalText(4)
    recordID = row.optionalText(5)
    details = row.optionalText(6)
    reason = row.optionalText(7)
    oldValues = row.optionalText(8)
    newValues = row.optionalText(9)
    address = row.optionalText(10)
    userAgent = row.optionalText(11)
    time = row.time(12)
  }

  public static func storedHash(_ row: borrowing Row) -> [UInt8] { row.blob(13) }

  /// SHA-256 of the previous row's hash (no bytes for the first row) and of this row as a JSON array: every value has one
  /// spelling in it.
  public func hash(after previous: [UInt8]) -> [UInt8] {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    let content: JSONValue = [
      .integer(id.rawValue), user.map { .integer($0.rawValue) } ?? .null, .string(action), .string(module),
      text(recordType), text(recordID), text(details), text(reason), text(oldValues), text(newValues), text(address),
      text(userAgent), .integer(time.milliseconds),
    ]
    return SHA256.digest(of: previous + content.serialized)
  }

  func values(_ hash: [UInt8]) -> [SQLValue] {
    [
      .integer(id.rawValue), user.sqlValue, .text(action), .text(module), recordType.sqlValue, recordID.sqlValue,
      details.sqlValue, reason.sqlValue, oldValues.sqlValue, newValues.sqlValue, address.sqlValue, userAgent.sqlValue,
      .integer(time.milliseconds), .blob(hash),
    ]
  }
}
