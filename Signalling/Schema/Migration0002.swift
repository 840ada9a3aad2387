// What accounts keep beside their row: second factors, codes, the history of sign-ins, and the tokens of bots.

import SQL

extension Migration {
  static let accounts = Migration(
    number: 2, name: "accounts",
    sql: """
      -- When the refresh token was last traded in: for some seconds after it the old one still gets the same successor.
      ALTER TABLE sessions ADD COLUMN rotated_at INTEGER;

      -- A second factor (RFC 6238). It counts once it is confirmed.
      CREATE TABLE two_factor (
        user_id INTEGER PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
        -- Sealed with the key in the data directory.
        secret BLOB NOT NULL,
        confirmed_at INTEGER,
        -- The time step of the last code that was taken: an older one, and the same, is a replay.
        last_step INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL
      ) STRICT;

      -- SHA-256 of each code that is left. Used ones are deleted.
      CREATE TABLE recovery_codes (
        user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        digest BLOB NOT NULL,
        PRIMARY KEY (user_id, digest)
      ) STRICT, WITHOUT ROWID;

      -- SHA-256 of a code with which a person sets a new password; at most one for each.
      CREATE TABLE password_resets (
        user_id INTEGER PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
        digest BLOB NOT NULL UNIQUE,
        created_by INTEGER REFERENCES users(id) ON DELETE SET NULL,
        expires_at INTEGER NOT NULL
      ) STRICT;

      -- Sign-ins, also failed ones. user_id is NULL when nobody has the name; the name itself is not kept, because people
      -- type passwords into the wrong field.
      CREATE TABLE login_history (
        id INTEGER PRIMARY KEY,
        user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
        outcome TEXT NOT NULL,
        session_id INTEGER,
        ip TEXT NOT NULL,
        user_agent TEXT NOT NULL
      ) STRICT;
      CREATE INDEX idx_login_history_user ON login_history(user_id, id);

      -- Wrong answers, counted by whom they came from and for whom. The key is a SHA-256 of both.
      CREATE TABLE attempts (
        key BLOB PRIMARY KEY,
        failures INTEGER NOT NULL,
        blocked_until INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idx_attempts_updated ON attempts(updated_at);

      CREATE TABLE bot_tokens (
        user_id INTEGER PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
        -- SHA-256 of the token.
        digest BLOB NOT NULL UNIQUE,
        -- Words with spaces between.
        scopes TEXT NOT NULL,
        created_by INTEGER REFERENCES users(id) ON DELETE SET NULL,
        created_at INTEGER NOT NULL
      ) STRICT;
      """)
}
