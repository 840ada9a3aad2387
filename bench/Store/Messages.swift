// A table like that of the chat, and rows that look like its messages.

import Reactor
import SQL

enum Messages {
  static let migration = Migration(
    number: 1, name: "messages",
    sql: """
      CREATE TABLE messages (
        id INTEGER PRIMARY KEY, channel INTEGER NOT NULL, author INTEGER NOT NULL, content TEXT NOT NULL,
        nonce TEXT, edited_at INTEGER
      ) STRICT;
      CREATE INDEX messages_by_channel ON messages (channel, id);
      CREATE INDEX messages_by_author ON messages (author, id);
      """)

  private static let words =
    "the quick brown fox jumps over the lazy dog and asks whether anybody has seen the keys to the shed"

  static func insert(_ number: Int, _ database: Database) throws(SQLError) {
    try database.execute(
      "INSERT INTO messages (id, channel, author, content) VALUES (?1, ?2, ?3, ?4)",
      number << 12, number % 50, number % 997, words + String(number))
  }

  static func content(_ number: Int, _ database: Database) throws(SQLError) -> String? {
    try database.first("SELECT content FROM messages WHERE id = ?1", number << 12) { row in row.text(0) }
  }

  /// The newest messages of a channel, as a client asks for them.
  static func page(_ channel: Int, _ database: Database) throws(SQLError) -> Int {
    try database.query(
      "SELECT id, author, content FROM messages WHERE channel = ?1 ORDER BY id DESC LIMIT 50", channel
    ) { row in row.text(2).utf8.count }.count
  }

  static func next(_ database: Database) throws(SQLError) -> Int {
    try database.first("SELECT (coalesce(max(id), 0) >> 12) + 1 FROM messages") { row in row.int(0) } ?? 1
  }

  /// A new database with `count` messages.
  static func fill(_ path: String, _ count: Int) throws {
    for suffix in ["", "-wal", "-shm"] { unlinkQuietly(path + suffix) }
    let database = try Database(path: path, mode: .readWrite)
    try Migrations.run([migration], on: database)
    for first in stride(from: 0, to: count, by: 50_000) {
      try database.transaction { () throws(SQLError) in
        for number in first..<min(count, first + 50_000) { try insert(number, database) }
      }
    }
  }
}
