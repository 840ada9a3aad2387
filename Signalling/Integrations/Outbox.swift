// What waits to be told to other servers: written in the transaction that made it true, sent until it was taken.

public import API
import Access
public import Chronology
import Cryptography
public import Identifiers
public import Identity
import JSON
public import Problems
import SQL

/// One request that tells an event (standardwebhooks.com: id, time and signature in headers, the id the same at every
/// attempt).
public struct Delivery: Sendable {
  public var id: Identifier
  public var url: String
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]
}

public enum Outbox {
  static func context(_ webhook: Identifier) -> String { "outgoing webhook \(webhook)" }

  /// Writes events for every webhook that wants them, in the transaction that they belong to. Costs one query where there
  /// are no webhooks.
  ///
  /// Conversations between people are nobody's business but theirs, and typing is no news: neither leaves the server.
  public static func note(_ events: [Event], in writing: inout Writing) throws(Problem) {
    let told = events.filter { isPublic($0, writing) }
    guard !told.isEmpty else { return }
    let hooks = try writing.tables.query(
      "SELECT id, events FROM outgoing_webhooks WHERE disabled_at IS NULL", row: { ($0.identifier(0), $0.text(1)) })
    guard !hooks.isEmpty else { return }
    for event in told {
      for (hook, wanted) in hooks
      where wanted.isEmpty || wanted.split(separator: " ").contains(where: { $0 == event.op }) {
        let time = Timestamp(writing.at).text
        let head = Array("{\"type\":\"\(event.op)\",\"timestamp\":\"\(time)\",\"data\":".utf8)
        try writing.tables.execute(
          "INSERT INTO outbox (id, webhook_id, event, body, due_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
          writing.newIdentifier(), hook, event.op, head + event.data + [UInt8(ascii: "}")], writing.at)
      }
    }
    writing.then(.outboxFilled)
  }

  private static func isPublic(_ event: Event, _ writing: borrowing Writing) -> Bool {
    switch event.audience {
    case .everyone: event.op != "presence_update"
    case .channel(let id): event.op != "typing_start" && writing.directory.channels[id]?.kind.isConversation != true
    case .users: false
    }
  }

  /// Takes the deliveries that are due: each counts as attempted, so that a crash in between repeats it later, not never.
  public static func take(_ writing: inout Writing, _ keys: AccountKeys) throws(Problem) -> [Delivery] {
    let tables = writing.tables
    let due = try tables.query(
      """
      SELECT o.id, o.attempts, o.body, w.id, w.url, w.secret FROM outbox o JOIN outgoing_webhooks w ON w.id = o.webhook_id
      WHERE o.due_at <= ?1 ORDER BY o.due_at, o.id LIMIT ?2
      """, writing.at, Limit.turn,
      row: {
        (
          id: $0.identifier(0), attempts: $0.int(1), body: $0.blob(2), hook: $0.identifier(3), url: $0.text(4),
          secret: $0.blob(5)
        )
      })
    var deliveries: [Delivery] = []
    for row in due {
      try tables.execute(
        "UPDATE outbox SET attempts = attempts + 1, due_at = ?2 WHERE id = ?1", row.id,
        WallTime(milliseconds: writing.at.milliseconds + wait(after: row.attempts).milliseconds))
      guard let secret = SealedBox(key: keys.sealing).open(row.secret, context: context(row.hook)) else { continue }
      deliveries.append(
        Delivery(
          id: row.id, url: row.url, headers: headers(row.id, row.body, secret, at: writing.at), body: row.body))
    }
    return deliveries
  }

  /// The header fields of one attempt.
  static func headers(
    _ id: Identifier, _ body: [UInt8], _ secret: [UInt8], at time: WallTime
  ) -> [(name: String, value: String)] {
    let name = "msg_\(id)"
    let code = HMACSHA256.code(for: Array("\(name).\(time.seconds).".utf8) + body, key: secret)
    return [
      ("Content-Type", "application/json"), ("webhook-id", name), ("webhook-timestamp", String(time.seconds)),
      ("webhook-signature", "v1,\(Base64.encode(code))"),
    ]
  }

  /// How long to wait after so many attempts before this one.
  static func wait(after attempts: Int) -> Interval {
    var wait = Limit.firstWait
    for _ in 0..<min(attempts, 12) where wait < Limit.longestWait { wait = wait * 4 }
    return min(wait, Limit.longestWait)
  }

  /// What became of an attempt. `status` is nil when no answer came. 410 means that nobody wants to hear more.
  public static func finish(_ id: Identifier, status: Int?, _ writing: inout Writing) throws(Problem) {
    let tables = writing.tables
    guard
      let (hook, attempts) = try tables.first(
        "SELECT webhook_id, attempts FROM outbox WHERE id = ?1", id, row: { ($0.identifier(0), $0.int(1)) })
    else { return }
    let isTaken = status.map { (200..<300).contains($0) } ?? false
    try tables.execute(
      """
      UPDATE outgoing_webhooks SET last_status = ?2, last_attempt_at = ?3,
        failures = CASE WHEN ?4 THEN 0 ELSE failures + 1 END,
        disabled_at = CASE WHEN ?2 = 410 OR (NOT ?4 AND failures + 1 >= ?5) THEN ?3 ELSE disabled_at END
      WHERE id = ?1
      """, hook, status, writing.at, isTaken, Limit.failures)
    if isTaken || attempts >= Limit.attempts { try tables.execute("DELETE FROM outbox WHERE id = ?1", id) }
    // What waits for one that is switched off would be looked at for ever.
    try tables.execute(
      """
      DELETE FROM outbox WHERE webhook_id = ?1
        AND EXISTS (SELECT 1 FROM outgoing_webhooks WHERE id = ?1 AND disabled_at IS NOT NULL)
      """, hook)
  }

  /// When the next delivery is due; nil when none waits.
  public static func next(_ tables: Tables) throws(Problem) -> WallTime? {
    try tables.first("SELECT due_at FROM outbox ORDER BY due_at LIMIT 1", row: { $0.time(0) })
  }

  /// Drops what is too much, oldest first. It looks at all that waits, so it belongs to the upkeep and to no message.
  public static func trim(_ writing: inout Writing) throws(Problem) {
    try writing.tables.execute(
      """
      DELETE FROM outbox WHERE id IN (
        SELECT id FROM (
          SELECT id, row_number() OVER (PARTITION BY webhook_id ORDER BY id DESC) AS place FROM outbox)
        WHERE place > ?1)
      """, Limit.waiting)
  }
}
