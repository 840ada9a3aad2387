// Reading the log of what was done: in pages, as a file, and checked for changes (UN-057…UN-062).

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import SQL

enum AuditRoutes {
  private static let filters = [
    QueryParameter("user_id", .identifier, "Only what this user did."),
    QueryParameter("action", .string(1...100), "Only this action: `role_update`."),
    QueryParameter("before", .identifier, "The `id` of a row: only those before it."),
  ]

  static let all: [Route] = [
    Route(
      .get, "/audit-log", "listAuditLog", "What was done, the last first.", tag: "Audit log",
      access: .server(.viewAuditLog), scope: "audit.read",
      query: filters + [
        QueryParameter("limit", .integer(1...Int64(Limit.auditPage)), "At most so many; 50 by default.")
      ],
      answer: [.init("audit_logs", .array(.reference("AuditLogEntry"), 0...Limit.auditPage))], handle: list),
    Route(
      .get, "/audit-log/export", "exportAuditLog",
      "The log as a file, the last first: CSV (RFC 4180) that no spreadsheet takes for formulas, or JSON.",
      tag: "Audit log", access: .server(.viewAuditLog), scope: "audit.read",
      query: filters + [QueryParameter("format", .choice(["csv", "json"]), "`csv` by default.")],
      produces: ["text/csv", "application/json"], problems: [.validation], handle: export),
    Route(
      .get, "/audit-log/verify", "verifyAuditLog",
      "Computes the chain of hashes anew. `broken` is the first row that is not what was written, or that follows one "
        + "which is gone. Keep `tip` elsewhere: only it shows that rows are missing at the end.",
      tag: "Audit log", access: .server(.viewAuditLog), scope: "audit.read",
      answer: [
        .init("valid", .boolean), .init("rows", .integer(0...Int64.max)), .init("broken", .nullable(.identifier)),
        .init("tip", .string(0...64), "SHA-256 of the last row that was checked."),
      ], handle: verify),
  ]

  // MARK: Reading

  private struct Filter {
    var sql = "SELECT \(AuditRow.columns) FROM audit_logs WHERE id < ?1"
    var values: [SQLValue]

    init(_ call: Call) throws(Problem) {
      values = [(try call.queryID("before")?.rawValue ?? Int64.max).sqlValue]
      if let user = try call.queryID("user_id") { add("user_id", user.sqlValue) }
      if let action = call.query["action"] { add("action", action.sqlValue) }
    }

    private mutating func add(_ column: String, _ value: SQLValue) {
      values.append(value)
      sql += " AND \(column) = ?\(values.count)"
    }

    func rows(_ tables: Tables, limit: Int) throws(Problem) -> [AuditRow] {
      try tables.query("\(sql) ORDER BY id DESC LIMIT \(limit)", values: values) { AuditRow($0) }
    }
  }

  @Sendable private static func list(_ call: Call) throws(Problem) -> Step {
    let filter = try Filter(call)
    let limit = try call.queryNumber("limit", 1...Limit.auditPage, standard: 50)
    return .read { reading throws(Problem) in
      .reply("audit_logs", .array(try filter.rows(reading.tables, limit: limit).map(view)))
    }
  }

  private static func view(_ row: AuditRow) -> JSONValue {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    func values(_ json: String?) -> JSONValue { json.flatMap { try? JSONValue(parsing: $0) } ?? .null }
    return [
      "id": .string(row.id.description), "user_id": text(row.user?.description), "action": .string(row.action),
      "module": .string(row.module), "record_type": text(row.recordType), "record_id": text(row.recordID),
      "details": text(row.details), "reason": text(row.reason), "old_values": values(row.oldValues),
      "new_values": values(row.newValues), "ip_address": text(row.address), "user_agent": text(row.userAgent),
      "created_at": .string(Timestamp(row.time).text),
    ]
  }

  // MARK: Files

  @Sendable private static func export(_ call: Call) throws(Problem) -> Step {
    let format = call.query["format"] ?? "csv"
    guard format == "csv" || format == "json" else { throw .invalid("?format", "must be csv or json") }
    let filter = try Filter(call)
    return .read { reading throws(Problem) in
      let rows = try filter.rows(reading.tables, limit: Limit.auditExport)
      let name = "audit-log-\(Timestamp(reading.at).text.prefix(10)).\(format)"
      let headers = [(name: "Content-Disposition", value: "attachment; filename=\"\(name)\"")]
      let raw =
        format == "csv"
        ? (type: "text/csv; charset=utf-8; header=present", bytes: csv(rows))
        : (type: "application/json", bytes: JSONValue.array(rows.map(view)).serialized)
      return .reply(Reply(status: 200, .null, headers: headers, raw: raw))
    }
  }

  private static func csv(_ rows: [AuditRow]) -> [UInt8] {
    var bytes = Array(
      CSV.record([
        "id", "created_at", "user_id", "action", "module", "record_type", "record_id", "details", "reason",
        "old_values",
        "new_values", "ip_address", "user_agent",
      ]).utf8)
    for row in rows {
      bytes +=
        CSV.record([
          row.id.description, Timestamp(row.time).text, row.user?.description, row.action, row.module, row.recordType,
          row.recordID, row.details, row.reason, row.oldValues, row.newValues, row.address, row.userAgent,
        ]).utf8
    }
    return bytes
  }

  // MARK: Checking

  @Sendable private static func verify(_ call: Call) throws(Problem) -> Step { next(Progress()) }

  private struct Progress {
    var last: Int64 = -1
    var hash: [UInt8] = []
    var rows: Int64 = 0
  }

  /// One turn of a database thread; the log only grows, so that each may have a snapshot of its own.
  private static func next(_ progress: Progress) -> Step {
    .read { reading throws(Problem) in
      let rows = try reading.tables.query(
        "SELECT \(AuditRow.columns) FROM audit_logs WHERE id > ?1 ORDER BY id LIMIT ?2", progress.last,
        Limit.auditVerify
      ) { (row: AuditRow($0), hash: AuditRow.storedHash($0)) }
      var progress = progress
      for (row, hash) in rows {
        guard row.hash(after: progress.hash) == hash else { return reply(progress, broken: row.id) }
        progress = Progress(last: row.id.rawValue, hash: hash, rows: progress.rows + 1)
      }
      return rows.count < Limit.auditVerify ? reply(progress, broken: nil) : next(progress)
    }
  }

  private static func reply(_ progress: Progress, broken: Identifier?) -> Step {
    let tip = progress.hash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    return .reply(
      Reply(
        status: 200,
        [
          "valid": .bool(broken == nil), "rows": .integer(progress.rows),
          "broken": broken.map { .string($0.description) } ?? .null, "tip": .string(tip),
        ]))
  }
}
