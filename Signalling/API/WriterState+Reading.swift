// What the writer keeps in memory, as the tables say it when the server starts.

import Access
import Identifiers
public import SQL

extension WriterState {
  /// Tables whose ids come from one source, so that the next id is above all of them even if the clock went back.
  private static let numbered = ["users", "roles", "channels", "categories", "sessions", "audit_logs", "messages"]

  public init(reading database: Database) throws(SQLError) {
    var last: Int64 = 0
    for table in Self.numbered where try database.exists("SELECT 1 FROM sqlite_schema WHERE name = ?1", table) {
      last = max(last, try database.first("SELECT max(id) FROM \(table)", row: { $0.optionalInt64(0) ?? 0 }) ?? 0)
    }
    let tip = try database.first("SELECT hash FROM audit_logs ORDER BY id DESC LIMIT 1", row: { $0.blob(0) })
    self.init(
      directory: try Directory(reading: database),
      identifiers: IdentifierSource(after: last > 0 ? Identifier(rawValue: last) : nil), auditTip: tip ?? [])
  }
}
