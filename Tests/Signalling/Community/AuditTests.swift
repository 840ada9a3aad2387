// The log: read in pages, taken away as a file, and held against its own hashes.

import API
import Access
import Community
import CommunitySupport
import Identifiers
import JSON
import Problems
import Randomness
import SQL
import TestSupport
import Testing

@Suite struct AuditTests {
  /// A community in which the server was renamed so many times, by the owner and the admin in turn.
  private func renamed(_ times: Int) throws -> Asking {
    let asking = try Asking()
    for n in 0..<times {
      let user = n % 2 == 0 ? asking.ids.owner : asking.ids.admin
      let answer = asking.community.call(
        "PATCH", "/api/server", ["name": .string("=Ad \"\(n)\", ş")], as: user, reason: "sebep \(n)")
      #expect(answer.status == 200)
    }
    return asking
  }

  @Test func `it says who did what, from what to what, and why`() throws {
    let asking = try renamed(1)
    let row = asking.get("/audit-log", as: asking.ids.owner)["audit_logs"][0]
    #expect(row?["action"]?.string == "server_update")
    #expect(row?["user_id"]?.string == asking.ids.owner.description)
    #expect(row?["old_values"]?["name"]?.string == "Deneme")
    #expect(row?["new_values"]?["name"]?.string == "=Ad \"0\", ş")
    #expect(row?["reason"]?.string == "sebep 0")
    #expect(row?["ip_address"]?.string == "192.0.2.1")
  }

  @Test func `it comes in pages and through filters`() throws {
    let asking = try renamed(5)
    _ = asking.category("x")
    let path = "/audit-log"
    let first = asking.get(path + "?limit=2&action=server_update", as: asking.ids.owner)["audit_logs"]
    #expect(first.all("reason") == ["sebep 4", "sebep 3"])
    let before = first[1]?["id"]?.string ?? ""
    let rest = asking.get(path + "?action=server_update&before=\(before)", as: asking.ids.owner)["audit_logs"]
    #expect(rest.all("reason") == ["sebep 2", "sebep 1", "sebep 0"])
    let admin = asking.get(path + "?user_id=\(asking.ids.admin)", as: asking.ids.owner)["audit_logs"]
    #expect(admin.all("reason") == ["sebep 3", "sebep 1"])
    #expect(asking.get(path + "?user_id=x", as: asking.ids.owner).status == 400)
  }

  @Test func `it is for those who may view it`() throws {
    let asking = try renamed(1)
    for path in ["/audit-log", "/audit-log/export", "/audit-log/verify"] {
      #expect(asking.get(path, as: asking.ids.moderator).status == 403)
      #expect(asking.get(path, as: asking.ids.admin).status == 200)
      #expect(asking.get(path, as: nil).status == 401)
    }
  }

  @Test func `a CSV file reads back as it was, and no cell begins as a formula`() throws {
    let asking = try renamed(3)
    let answer = asking.get("/audit-log/export", as: asking.ids.owner)
    #expect(answer.headers.contains { $0.name == "Content-Disposition" && $0.value.hasPrefix("attachment") })
    let records = CSV.records(of: String(decoding: answer.raw ?? [], as: UTF8.self)) ?? []
    let json = asking.get("/audit-log/export?format=json", as: asking.ids.owner).raw ?? []
    let rows = try JSONValue(parsing: json).array ?? []
    #expect(records.count == 4)
    #expect(rows.count == 3)
    let names = records.first ?? []
    for (record, row) in zip(records.dropFirst(), rows) {
      for (name, cell) in zip(names, record) {
        let value = row[name ?? ""] ?? .null
        #expect(cell == (value.object == nil ? value.string : value.description), "\(name ?? "")")
      }
    }
  }

  @Test func `other formats are refused`() throws {
    let asking = try renamed(0)
    #expect(asking.get("/audit-log/export?format=xlsx", as: asking.ids.owner).status == 400)
  }

  @Test func `an untouched chain is whole, also an empty one and over several turns`() throws {
    let asking = try renamed(0)
    #expect(asking.get("/audit-log/verify", as: asking.ids.owner)["valid"].bool == true)
    try asking.community.write { writing throws(Problem) in
      let call = Call(directory: writing.directory, at: asking.community.now)
      for n in 0..<4001 { try writing.record(AuditEntry("test", "test", details: "\(n)"), call) }
    }
    let answer = asking.get("/audit-log/verify", as: asking.ids.owner)
    #expect(answer["valid"].bool == true)
    #expect(answer["rows"].integer == 4001)
    #expect(answer["tip"].string?.count == 64)
  }

  @Test(arguments: [
    "details = 'x'", "user_id = 1", "old_values = '{}'", "created_at = created_at + 1", "reason = NULL",
  ])
  func `a changed row is found, whatever was changed`(change: String) throws {
    let asking = try renamed(5)
    let id = asking.get("/audit-log", as: asking.ids.owner)["audit_logs"][2]?["id"]?.string ?? ""
    try asking.community.database.script(
      "DROP TRIGGER audit_logs_keep; UPDATE audit_logs SET \(change) WHERE id = \(Identifier(id)?.rawValue ?? 0)")
    let answer = asking.get("/audit-log/verify", as: asking.ids.owner)
    #expect(answer["valid"].bool == false)
    #expect(answer["broken"].string == id)
    #expect(answer["rows"].integer == 2)
  }

  @Test func `a missing row is found at the one after it`() throws {
    let asking = try renamed(5)
    let rows = asking.get("/audit-log", as: asking.ids.owner)["audit_logs"].all("id")
    try asking.community.database.script(
      "DROP TRIGGER audit_logs_stay; DELETE FROM audit_logs WHERE id = \(Identifier(rows[2])?.rawValue ?? 0)")
    #expect(asking.get("/audit-log/verify", as: asking.ids.owner)["broken"].string == rows[1])
  }

  @Test func `the database itself refuses to change or delete a row`() throws {
    let asking = try renamed(1)
    #expect(throws: SQLError.self) { try asking.community.database.script("UPDATE audit_logs SET details = 'x'") }
    #expect(throws: SQLError.self) { try asking.community.database.script("DELETE FROM audit_logs") }
  }

  @Test(arguments: [
    "SELECT id FROM audit_logs WHERE id < 9 AND user_id = 1 ORDER BY id DESC LIMIT 50",
    "SELECT id FROM audit_logs WHERE id < 9 AND action = 'x' ORDER BY id DESC LIMIT 50",
    "SELECT id FROM audit_logs WHERE id < 9 ORDER BY id DESC LIMIT 50",
    "SELECT id FROM bans WHERE id < 9 ORDER BY id DESC LIMIT 50",
    "SELECT id FROM channels WHERE category_id = 1",
    "SELECT * FROM channels WHERE type IN ('text', 'voice') ORDER BY position, id",
    "SELECT count(*) FROM channels WHERE type IN ('text', 'voice')",
  ])
  func `pages come from an index, without sorting`(sql: String) throws {
    let asking = try renamed(0)
    let plan = try asking.community.database.query("EXPLAIN QUERY PLAN \(sql)") { $0.text(3) }
    #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") || $0.contains("INDEX idx_channels_listed") }, "\(plan)")
  }
}

@Suite struct CSVTests {
  @Test func `what is written is read back, whatever it is`() {
    let pieces = [
      "=", "+", "-", "@", "\t", "\r", "\n", "\r\n", "'", "\"", ",", "ş", "＝", "a", " ", "\"\"", "日本", "👩🏽‍🚀", "\u{0301}",
    ]
    forEachSeed(300) { seed, random in
      var records: [[String?]] = []
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        records.append(
          (0..<Int.random(in: 1...5, using: &random)).map { _ in
            if Bool.random(using: &random) && Bool.random(using: &random) { return nil }
            return (0..<Int.random(in: 0...4, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
              .joined()
          })
      }
      let text = records.map { CSV.record($0) }.joined()
      let read = CSV.records(of: text)
      // Scalars, because two spellings of a letter are equal as text.
      #expect(
        read?.map { $0.map { $0.map { Array($0.unicodeScalars) } } }
          == records.map { $0.map { $0.map { Array($0.unicodeScalars) } } }, "seed \(seed): \(text.debugDescription)")
    }
  }

  @Test(arguments: ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
  func `nothing begins as a formula`(text: String) {
    #expect(CSV.record([text]).hasPrefix("\"'"))
  }

  @Test func `records end with CRLF, and quotes are doubled`() {
    #expect(CSV.record(["a", nil, "", "b\"c"]) == "\"a\",,\"\",\"b\"\"c\"\r\n")
  }

  @Test(arguments: ["\"a", "\"a\"x\r\n", "a\r\n", "\"a\"\n", "\"a\","])
  func `what it did not write is refused`(text: String) {
    #expect(CSV.records(of: text) == nil)
  }
}
