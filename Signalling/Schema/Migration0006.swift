// What came from elsewhere: which row here stands for which thing there.

import SQL

extension Migration {
  static let imports = Migration(
    number: 6, name: "imports",
    sql: """
      CREATE TABLE import_map (
        -- `discord`.
        source TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('category', 'channel', 'author')),
        source_id TEXT NOT NULL,
        -- Of a row that may be gone again.
        id INTEGER NOT NULL,
        PRIMARY KEY (source, kind, source_id)
      ) STRICT, WITHOUT ROWID;
      """)
}
