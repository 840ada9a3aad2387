// Files that people upload, and the content that nothing names any more (MQ-024, MQ-031, UN-070, UN-077).

import SQL

extension Migration {
  static let files = Migration(
    number: 5, name: "files",
    sql: """
      CREATE TABLE attachments (
        id INTEGER PRIMARY KEY,
        -- NULL until the message is sent. Without a rule of the database: messages go some hundred at a time, and chat
        -- removes their files with them.
        message_id INTEGER,
        channel_id INTEGER,
        user_id INTEGER NOT NULL REFERENCES users(id),
        -- Place among the files of its message.
        position INTEGER NOT NULL DEFAULT 0,
        filename TEXT NOT NULL,
        mime_type TEXT NOT NULL,
        file_size INTEGER NOT NULL,
        -- SHA-256 of the content; several rows may name one blob.
        blob TEXT NOT NULL,
        width INTEGER,
        height INTEGER,
        thumbnail_blob TEXT,
        thumbnail_type TEXT,
        thumbnail_size INTEGER,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX idx_attachments_message ON attachments(message_id, position) WHERE message_id IS NOT NULL;
      CREATE INDEX idx_attachments_unsent ON attachments(created_at) WHERE message_id IS NULL;
      CREATE INDEX idx_attachments_user ON attachments(user_id, message_id, file_size);
      CREATE INDEX idx_attachments_blob ON attachments(blob);
      CREATE INDEX idx_attachments_thumbnail ON attachments(thumbnail_blob) WHERE thumbnail_blob IS NOT NULL;

      ALTER TABLE users ADD COLUMN avatar_size INTEGER;
      ALTER TABLE users ADD COLUMN avatar_type TEXT;
      CREATE INDEX idx_users_avatar ON users(avatar_blob) WHERE avatar_blob IS NOT NULL;

      -- Blobs that a row has given up; whether another one names them is looked up later.
      CREATE TABLE blob_candidates (
        blob TEXT PRIMARY KEY,
        -- When it was first seen here; NULL until then: only the program knows the time.
        since INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idx_blob_candidates_since ON blob_candidates(since);

      CREATE TRIGGER attachments_removed AFTER DELETE ON attachments
      BEGIN
        INSERT OR REPLACE INTO blob_candidates (blob, since) VALUES (old.blob, NULL);
        INSERT OR REPLACE INTO blob_candidates (blob, since)
          SELECT old.thumbnail_blob, NULL WHERE old.thumbnail_blob IS NOT NULL;
      END;
      CREATE TRIGGER users_avatar_changed AFTER UPDATE OF avatar_blob ON users
        WHEN old.avatar_blob IS NOT NULL AND old.avatar_blob IS NOT new.avatar_blob
      BEGIN INSERT OR REPLACE INTO blob_candidates (blob, since) VALUES (old.avatar_blob, NULL); END;
      CREATE TRIGGER users_removed AFTER DELETE ON users WHEN old.avatar_blob IS NOT NULL
      BEGIN INSERT OR REPLACE INTO blob_candidates (blob, since) VALUES (old.avatar_blob, NULL); END;
      CREATE TRIGGER server_icon_changed AFTER UPDATE OF icon_blob ON server
        WHEN old.icon_blob IS NOT NULL AND old.icon_blob IS NOT new.icon_blob
      BEGIN INSERT OR REPLACE INTO blob_candidates (blob, since) VALUES (old.icon_blob, NULL); END;
      """)
}
