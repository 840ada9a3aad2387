// Chat: messages and what hangs on them, how far people have read, who does not want to hear whom, and the index that
// messages are searched by (MQ-023, MQ-030, MQ-255…MQ-258).

import SQL

extension Migration {
  static let chat = Migration(
    number: 4, name: "chat",
    sql: """
      CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        -- Refers to channels without a rule of the database: a channel goes at once, and its messages after it, some
        -- hundred at a time, so that nobody waits for the removal of a million rows (channel_removals).
        channel_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL REFERENCES users(id),
        -- NULL where there are attachments only.
        content TEXT,
        -- 0 written by somebody, 1 by the server.
        type INTEGER NOT NULL DEFAULT 0 CHECK (type IN (0, 1)),
        -- MessageFlags: what there is to look up in other tables, and what search finds by `has:`.
        flags INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        edited_at INTEGER,
        -- The message may be gone.
        reply_to INTEGER,
        -- What the sender called it, to know it again; forgotten after a while.
        nonce TEXT,
        -- Its name where it came from: two with the same name are one (UN-088).
        external_message_id TEXT,
        webhook_id INTEGER,
        webhook_name TEXT,
        webhook_avatar TEXT,
        -- Previews of its links, as the JSON array that clients get.
        embeds TEXT
      ) STRICT;
      -- With the author, so that what is new to somebody is counted without looking at the messages.
      CREATE INDEX idx_messages_channel ON messages(channel_id, id DESC, user_id);
      CREATE INDEX idx_messages_user ON messages(user_id, id);
      CREATE INDEX idx_messages_nonce ON messages(user_id, channel_id, nonce) WHERE nonce IS NOT NULL;
      CREATE UNIQUE INDEX idx_messages_external ON messages(external_message_id) WHERE external_message_id IS NOT NULL;

      CREATE TABLE reactions (
        message_id INTEGER NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
        emoji TEXT NOT NULL,
        user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (message_id, emoji, user_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idx_reactions_user ON reactions(user_id, message_id);

      CREATE TABLE pins (
        message_id INTEGER PRIMARY KEY REFERENCES messages(id) ON DELETE CASCADE,
        channel_id INTEGER NOT NULL,
        pinned_by INTEGER REFERENCES users(id) ON DELETE SET NULL,
        pinned_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX idx_pins_channel ON pins(channel_id, pinned_at DESC);

      -- One row for each whom a message names, however many a role has or a channel: who is meant is found out when
      -- somebody counts what is new to them.
      CREATE TABLE mentions (
        channel_id INTEGER NOT NULL,
        -- A user, a role, or 0 for everybody.
        target_id INTEGER NOT NULL,
        message_id INTEGER NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
        -- 0 a user, 1 a role, 2 everybody.
        kind INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),
        PRIMARY KEY (channel_id, target_id, message_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idx_mentions_message ON mentions(message_id);

      CREATE TABLE read_states (
        user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        channel_id INTEGER NOT NULL REFERENCES channels(id) ON DELETE CASCADE,
        -- Everything up to here has been read; what is new and how often it names the reader is counted from here.
        last_read_message_id INTEGER NOT NULL DEFAULT 0,
        -- When the user last wrote here: what slow mode waits from, also when the message is gone.
        last_sent_at INTEGER,
        PRIMARY KEY (user_id, channel_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idx_read_states_channel ON read_states(channel_id);

      CREATE TABLE blocks (
        user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        blocked_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (user_id, blocked_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idx_blocks_blocked ON blocks(blocked_id);

      -- Channels that are gone and whose messages are still to go.
      CREATE TABLE channel_removals (channel_id INTEGER PRIMARY KEY) STRICT;
      CREATE TRIGGER channels_removed AFTER DELETE ON channels
      BEGIN INSERT OR IGNORE INTO channel_removals (channel_id) VALUES (old.id); END;

      -- Messages that are stored and not in the index of words yet: they get there some at a time, and before a search.
      CREATE TABLE search_backlog (message_id INTEGER PRIMARY KEY) STRICT;

      -- Words of messages, folded before they get here (Chat/SearchFolding.swift), so that the tokenizer only splits at
      -- spaces. It keeps no text: who removes a row says what stood in it. `tags` has a word for the channel, for the
      -- author and for each thing that `has:` finds: search intersects them with the words instead of looking at every
      -- message with a common word.
      CREATE VIRTUAL TABLE message_search USING fts5(
        text, tags, content = '', columnsize = 0, prefix = '3', tokenize = 'ascii');
      """)
}
