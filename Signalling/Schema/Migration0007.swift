// What connects the community to programs: incoming webhooks, and outgoing ones with their outbox (issue of the server).

import SQL

extension Migration {
  static let integrations = Migration(
    number: 7, name: "integrations",
    sql: """
      -- A way into one channel for who knows the token. Its messages belong to an account of its own, which cannot log in
      -- and is in no directory.
      CREATE TABLE incoming_webhooks (
        id INTEGER PRIMARY KEY,
        channel_id INTEGER NOT NULL REFERENCES channels(id) ON DELETE CASCADE,
        user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        -- SHA-256 of the token.
        digest BLOB NOT NULL UNIQUE,
        created_by INTEGER REFERENCES users(id) ON DELETE SET NULL,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX idx_incoming_webhooks_channel ON incoming_webhooks(channel_id);
      CREATE INDEX idx_incoming_webhooks_user ON incoming_webhooks(user_id);

      -- Servers that are told what happens (Standard Webhooks).
      CREATE TABLE outgoing_webhooks (
        id INTEGER PRIMARY KEY,
        url TEXT NOT NULL,
        -- Names of events with spaces between; empty for all of them.
        events TEXT NOT NULL,
        secret BLOB NOT NULL,
        -- Deliveries that failed since the last one that did not.
        failures INTEGER NOT NULL DEFAULT 0,
        disabled_at INTEGER,
        last_status INTEGER,
        last_attempt_at INTEGER,
        created_by INTEGER REFERENCES users(id) ON DELETE SET NULL,
        created_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        webhook_id INTEGER NOT NULL REFERENCES outgoing_webhooks(id) ON DELETE CASCADE,
        event TEXT NOT NULL,
        body BLOB NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at INTEGER NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX idx_outbox_due ON outbox(due_at);
      CREATE INDEX idx_outbox_webhook ON outbox(webhook_id);
      """)
}
