// What the gateway and the voice channels keep: the number of the last transaction, and how loud listeners want others.

import SQL

extension Migration {
  static let gateway = Migration(
    number: 3, name: "gateway",
    sql: """
      -- One row: the number of the last transaction that told something to clients.
      CREATE TABLE commits (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        number INTEGER NOT NULL
      ) STRICT;
      INSERT INTO commits (id, number) VALUES (1, 0);

      -- How loud a listener wants to hear a speaker, in percent. 100 has no row.
      CREATE TABLE voice_volumes (
        listener_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        speaker_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        volume INTEGER NOT NULL CHECK (volume BETWEEN 0 AND 200),
        PRIMARY KEY (listener_id, speaker_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idx_voice_volumes_speaker ON voice_volumes(speaker_id);
      """)
}
