// Which row here stands for which thing elsewhere, so that a second import finds what the first one made.

import API
import Identifiers
import Problems
import SQL

struct ImportMap {
  enum Kind: String {
    case category
    case channel
    case author
  }

  /// The place that it comes from: `discord`.
  let source: String
  private var known: [Key: Identifier] = [:]

  private struct Key: Hashable {
    var kind: Kind
    var id: String
  }

  init(source: String) { self.source = source }

  mutating func find(_ kind: Kind, _ id: String, _ tables: Tables) throws(Problem) -> Identifier? {
    let key = Key(kind: kind, id: id)
    if let found = known[key] { return found }
    let sql = "SELECT id FROM import_map WHERE source = ?1 AND kind = ?2 AND source_id = ?3"
    guard let found = try tables.first(sql, source, kind.rawValue, id, row: { $0.identifier(0) }) else { return nil }
    known[key] = found
    return found
  }

  mutating func store(_ kind: Kind, _ id: String, as identifier: Identifier, _ tables: Tables) throws(Problem) {
    try tables.execute(
      "INSERT INTO import_map (source, kind, source_id, id) VALUES (?1, ?2, ?3, ?4)", source, kind.rawValue, id,
      identifier)
    known[Key(kind: kind, id: id)] = identifier
  }
}
