// The community itself, as clients see it (MQ-050).

public import API
import Identifiers
public import JSON
public import Problems
import SQL

public enum ServerView {
  /// `{id, name, icon_url, created_at}`; null before the first set-up.
  public static func server(_ tables: Tables) throws(Problem) -> JSONValue {
    try tables.first("SELECT id, name, icon_blob, created_at FROM server ORDER BY id LIMIT 1") { row -> JSONValue in
      [
        "id": .string(row.identifier(0).description), "name": .string(row.text(1)),
        "icon_url": row.optionalText(2).map { .string("/api/server/icon?v=\($0.prefix(8))") } ?? .null,
        "created_at": .string(Timestamp(row.time(3)).text),
      ]
    } ?? .null
  }
}
