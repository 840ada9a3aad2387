// The core of the community: its server, people, roles, channels, invites, sessions and the log (MQ §2, UN §4).

import SQL

extension Migration {
  static let core = Migration(
    number: 1, name: "core",
    sql: """
      -- The community: its server, people, roles, channels, invites, sessions, and the log of what was done (MQ §2, UN §4).
      -- Ids are 64-bit integers that sort by time and are shown as sixteen hexadecimal digits; times are milliseconds since 1970.

      CREATE TABLE server (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        icon_blob TEXT,
        icon_type TEXT,
        icon_size INTEGER,
        created_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE settings (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        -- Lower-case; what people type to log in. `username` keeps how they wrote it.
        username_key TEXT NOT NULL UNIQUE,
        username TEXT NOT NULL,
        email_key TEXT UNIQUE,
        email TEXT,
        display_name TEXT,
        avatar_blob TEXT,
        -- bcrypt; NULL for bots, imported authors and erased accounts, who cannot log in.
        password_hash TEXT,
        -- 'person', 'bot', or 'imported': an author whose messages came from elsewhere.
        kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'bot', 'imported')),
        -- 'active' members are in the directory. 'left' were kicked or went, 'banned' stay out, 'erased' are a name only.
        state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'left', 'banned', 'erased')),
        -- What the person chose: online, idle, dnd. Whether they are there is known to the process only.
        status TEXT NOT NULL DEFAULT 'online' CHECK (status IN ('online', 'idle', 'dnd', 'offline')),
        custom_status TEXT,
        last_seen_at INTEGER,
        timed_out_until INTEGER,
        server_muted INTEGER NOT NULL DEFAULT 0,
        server_deafened INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE roles (
        id INTEGER PRIMARY KEY,
        -- 0 made by people, 1 held by everybody (Member), 2 Owner.
        kind INTEGER NOT NULL DEFAULT 0 CHECK (kind IN (0, 1, 2)),
        name TEXT NOT NULL,
        color TEXT NOT NULL DEFAULT '#99AAB5',
        position INTEGER NOT NULL DEFAULT 0,
        permissions INTEGER NOT NULL DEFAULT 0,
        -- Shown as a group of their own in the list of members.
        hoist INTEGER NOT NULL DEFAULT 0,
        mentionable INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE user_roles (
        user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        role_id INTEGER NOT NULL REFERENCES roles(id) ON DELETE CASCADE,
        PRIMARY KEY (user_id, role_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idx_user_roles_role ON user_roles(role_id);

      CREATE TABLE categories (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        position INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL
      ) STRICT;

      -- Channels of the server, and conversations between people (type 'dm' and 'group', UN-085, UN-086).
      CREATE TABLE channels (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        type TEXT NOT NULL CHECK (type IN ('text', 'voice', 'dm', 'group')),
        category_id INTEGER REFERENCES categories(id) ON DELETE SET NULL,
        topic TEXT,
        position INTEGER NOT NULL DEFAULT 0,
        user_limit INTEGER NOT NULL DEFAULT 0,
        bitrate INTEGER NOT NULL DEFAULT 64000,
        -- Seconds that a member waits between two messages; 0 for none.
        slow_mode INTEGER NOT NULL DEFAULT 0,
        owner_id INTEGER REFERENCES users(id) ON DELETE SET NULL,
        -- Of a dm: the two ids in ascending order, so that a pair has one.
        pair_key TEXT UNIQUE,
        last_message_id INTEGER,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX idx_channels_category ON channels(category_id, position);
      -- The list of channels, without the conversations that stand between them.
      CREATE INDEX idx_channels_listed ON channels(position, id) WHERE type IN ('text', 'voice');

      CREATE TABLE participants (
        channel_id INTEGER NOT NULL REFERENCES channels(id) ON DELETE CASCADE,
        user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        -- 0 while the person has closed the conversation in their list.
        is_open INTEGER NOT NULL DEFAULT 1,
        joined_at INTEGER NOT NULL,
        PRIMARY KEY (channel_id, user_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idx_participants_user ON participants(user_id);

      -- Exactly one of role_id and user_id is set.
      CREATE TABLE channel_permissions (
        channel_id INTEGER NOT NULL REFERENCES channels(id) ON DELETE CASCADE,
        role_id INTEGER REFERENCES roles(id) ON DELETE CASCADE,
        user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
        allow INTEGER NOT NULL DEFAULT 0,
        deny INTEGER NOT NULL DEFAULT 0,
        CHECK ((role_id IS NULL) <> (user_id IS NULL)),
        UNIQUE (channel_id, role_id),
        UNIQUE (channel_id, user_id)
      ) STRICT;

      -- What new channels of a category begin with, and what its synced channels follow (decision 0014).
      CREATE TABLE category_permissions (
        category_id INTEGER NOT NULL REFERENCES categories(id) ON DELETE CASCADE,
        role_id INTEGER REFERENCES roles(id) ON DELETE CASCADE,
        user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
        allow INTEGER NOT NULL DEFAULT 0,
        deny INTEGER NOT NULL DEFAULT 0,
        CHECK ((role_id IS NULL) <> (user_id IS NULL)),
        UNIQUE (category_id, role_id),
        UNIQUE (category_id, user_id)
      ) STRICT;

      CREATE TABLE invites (
        code TEXT PRIMARY KEY,
        created_by INTEGER REFERENCES users(id) ON DELETE SET NULL,
        role_id INTEGER REFERENCES roles(id) ON DELETE SET NULL,
        max_uses INTEGER NOT NULL DEFAULT 0,
        uses INTEGER NOT NULL DEFAULT 0,
        expires_at INTEGER,
        created_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE bans (
        id INTEGER PRIMARY KEY,
        user_id INTEGER NOT NULL UNIQUE REFERENCES users(id) ON DELETE CASCADE,
        banned_by INTEGER REFERENCES users(id) ON DELETE SET NULL,
        reason TEXT,
        created_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        -- SHA-256 of the refresh token that is good now, and of the one before it: whoever shows that one again has a copy.
        refresh_digest BLOB NOT NULL UNIQUE,
        previous_digest BLOB,
        ip TEXT,
        user_agent TEXT,
        expires_at INTEGER NOT NULL,
        revoked_at INTEGER,
        last_used_at INTEGER NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX idx_sessions_user ON sessions(user_id);
      CREATE INDEX idx_sessions_previous ON sessions(previous_digest) WHERE previous_digest IS NOT NULL;

      -- Append-only: no statement of the program updates or deletes here, and the triggers refuse it to everybody else.
      -- hash = SHA-256 of the previous row's hash and this row's content (API/AuditLog.swift).
      CREATE TABLE audit_logs (
        id INTEGER PRIMARY KEY,
        user_id INTEGER,
        action TEXT NOT NULL,
        module TEXT NOT NULL,
        record_type TEXT,
        record_id TEXT,
        details TEXT,
        reason TEXT,
        old_values TEXT,
        new_values TEXT,
        ip_address TEXT,
        user_agent TEXT,
        created_at INTEGER NOT NULL,
        hash BLOB NOT NULL
      ) STRICT;
      CREATE INDEX idx_audit_user ON audit_logs(user_id, id);
      CREATE INDEX idx_audit_action ON audit_logs(action, id);
      CREATE TRIGGER audit_logs_keep BEFORE UPDATE ON audit_logs
      BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
      CREATE TRIGGER audit_logs_stay BEFORE DELETE ON audit_logs
      BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
      """)
}
