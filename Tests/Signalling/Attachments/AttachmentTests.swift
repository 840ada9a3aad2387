// Files of members over the routes, without a network and with a worker that keeps everything in memory.

import API
import Attachments
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import TestSupport
import Testing

/// A community whose worker keeps files as they are, under their content's length and first byte.
func communityWithFiles() throws -> (TestCommunity, Seeded) {
  let community = try TestCommunity(AttachmentRoutes.all)
  let seeded = try community.seed()
  community.worker = { work in
    guard case .keep(let content, let name, _, let purpose) = work else { return .done }
    let blob = String(repeating: "0", count: 62) + String(0x100 + Int(content[0]), radix: 16).dropFirst()
    var kept = KeptFile(blob: blob, size: content.count, type: "application/octet-stream")
    if purpose == .avatar { kept.type = "image/webp" }
    if name.hasSuffix(".png") {
      kept.type = "image/png"
      (kept.width, kept.height) = (20, 10)
      (kept.thumbnail, kept.thumbnailSize, kept.thumbnailType) = (blob.replacing("0", with: "f"), 3, "image/webp")
    }
    if name.hasSuffix(".html") { kept.type = "text/html" }
    if name.hasSuffix(".txt") { kept.type = "text/plain" }
    return .kept(kept)
  }
  return (community, seeded)
}

extension TestCommunity {
  func upload(_ name: String, _ content: [UInt8] = [1, 2, 3], as user: Identifier) -> Answer {
    call(
      "POST", "/api/upload", as: user, bytes: content, contentType: "application/octet-stream",
      headers: ["x-file-name": name])
  }

  /// Sends an uploaded file in a channel, as chat does in its transaction.
  func send(_ attachment: JSONValue, in channel: Identifier, by user: Identifier, message: Int64) throws(Problem) {
    guard let id = attachment["id"]?.string.flatMap({ Identifier($0) }) else { throw .internal }
    try write { writing throws(Problem) in
      _ = try Attachments.kinds(of: [id], by: user, writing.tables)
      try Attachments.link([id], to: Identifier(rawValue: message), in: channel, writing.tables)
    }
  }
}

@Suite struct UploadTests {
  @Test func `an upload answers with what it is and where`() throws {
    let (community, seeded) = try communityWithFiles()
    let answer = community.upload("na%C3%AFve%20photo.png", as: seeded.member)
    #expect(answer.status == 201)
    let file = answer["attachment"]
    let id = try #require(file["id"]?.string)
    #expect(file["filename"] == "naïve photo.png")
    #expect(file["url"] == .string("/api/attachments/\(id)/na%C3%AFve%20photo.png"))
    #expect(file["thumbnail_url"] == .string("/api/attachments/\(id)/na%C3%AFve%20photo.png/thumbnail"))
    #expect(file["size"] == 3 && file["mime_type"] == "image/png" && file["width"] == 20 && file["height"] == 10)
  }

  @Test func `a form's file is taken out of it`() throws {
    let (community, seeded) = try communityWithFiles()
    let form = Array("--B\r\nContent-Disposition: form-data; name=f; filename=\"a.txt\"\r\n\r\nhello\r\n--B--".utf8)
    let answer = community.call(
      "POST", "/api/upload", as: seeded.member, bytes: form, contentType: "multipart/form-data; boundary=B")
    #expect(answer["attachment"]["filename"] == "a.txt")
    #expect(answer["attachment"]["size"] == 5)
    let broken = community.call(
      "POST", "/api/upload", as: seeded.member, bytes: form, contentType: "multipart/form-data; boundary=C")
    #expect(broken.status == 400)
    #expect(broken["reason"] == "malformed_form")
  }

  @Test func `25 MiB pass and one byte more does not, raw and in a form`() throws {
    let (community, seeded) = try communityWithFiles()
    let largest = [UInt8](repeating: 7, count: 26_214_400)
    #expect(community.upload("a", largest, as: seeded.member).status == 201)
    #expect(community.upload("a", largest + [7], as: seeded.member).status == 413)
    for extra in [0, 1] {
      let form =
        Array("--B\r\nContent-Disposition: form-data; filename=f\r\n\r\n".utf8) + largest
        + [UInt8](repeating: 7, count: extra) + Array("\r\n--B--".utf8)
      let answer = community.call(
        "POST", "/api/upload", as: seeded.member, bytes: form, contentType: "multipart/form-data; boundary=B")
      #expect(answer.status == (extra == 0 ? 201 : 413))
    }
  }

  @Test func `an empty file, and nobody's file, are refused`() throws {
    let (community, seeded) = try communityWithFiles()
    #expect(community.upload("a", [], as: seeded.member)["reason"] == "empty_file")
    #expect(community.call("POST", "/api/upload", bytes: [1], contentType: "image/png").status == 401)
  }

  @Test func `who is timed out uploads nothing`() throws {
    let (community, seeded) = try communityWithFiles()
    try community.write { writing throws(Problem) in
      try writing.tables.execute(
        "UPDATE users SET timed_out_until = ?2 WHERE id = ?1", seeded.member, writing.at.milliseconds + 60_000)
      try writing.directoryChanged()
    }
    #expect(community.upload("a", as: seeded.member).status == 403)
  }

  @Test func `what the worker refuses is refused, and no row is left`() throws {
    let (community, seeded) = try communityWithFiles()
    community.worker = { _ in .failed(Problem(.unavailable, "the disk is full", reason: "disk_full", retryAfter: 60)) }
    let answer = community.upload("a", as: seeded.member)
    #expect(answer.status == 503)
    #expect(answer["reason"] == "disk_full")
    let count = try community.read { reading throws(Problem) in
      try reading.tables.first("SELECT count(*) FROM attachments") { $0.int(0) }
    }
    #expect(count == 0)
  }

  @Test(arguments: [
    ("../../etc/passwd", "passwd"), ("..", "file"), ("C:%5Cwindows%5Ca.exe", "a.exe"), ("a%00b.txt", "a%00b.txt"),
    ("x%0D%0ASet-Cookie:y", "xSet-Cookie:y"), ("photo%E2%80%AEgpj.exe", "photogpj.exe"), ("%20.%20", "file"),
    ("", "file"), (".htaccess", ".htaccess"), ("a.txt.%20.", "a.txt"), ("günaydın.txt", "günaydın.txt"),
  ])
  func `a name leads nowhere and hides nothing`(sent: String, shown: String) throws {
    let (community, seeded) = try communityWithFiles()
    #expect(community.upload(sent, as: seeded.member)["attachment"]["filename"] == .string(shown))
  }

  @Test func `a long name keeps its extension`() throws {
    let (community, seeded) = try communityWithFiles()
    let name = community.upload(String(repeating: "ü", count: 300) + ".png", as: seeded.member)["attachment"][
      "filename"]
    let text = try #require(name?.string)
    #expect(text.hasSuffix("ü.png"))
    #expect((250...255).contains(text.utf8.count))
  }

  @Test func `a member has room for so many files that wait, and sending makes room`() throws {
    let (community, seeded) = try communityWithFiles()
    var first: JSONValue = .null
    for number in 0..<50 {
      let answer = community.upload("a", as: seeded.member)
      #expect(answer.status == 201)
      if number == 0 { first = answer["attachment"] }
    }
    #expect(community.upload("a", as: seeded.member)["reason"] == "too_many_unsent")
    #expect(community.upload("a", as: seeded.admin).status == 201)
    try community.send(first, in: seeded.text, by: seeded.member, message: 1)
    #expect(community.upload("a", as: seeded.member).status == 201)
  }

  @Test func `a member's files together have a limit`() throws {
    let (community, seeded) = try communityWithFiles()
    _ = community.upload("a", as: seeded.member)
    try community.write { writing throws(Problem) in
      _ = try writing.tables.execute("UPDATE attachments SET file_size = ?1", 5 * 1024 * 1024 * 1024 - 2)
    }
    #expect(community.upload("a", [1, 2, 3], as: seeded.member)["reason"] == "quota_exceeded")
    #expect(community.upload("a", [1, 2], as: seeded.member).status == 201)
  }
}

@Suite struct FetchTests {
  @Test func `a file that was not sent is its uploader's alone`() throws {
    let (community, seeded) = try communityWithFiles()
    let url = try #require(community.upload("a.png", as: seeded.member)["attachment"]["url"]?.string)
    #expect(community.call("GET", url, as: seeded.member).status == 200)
    #expect(community.call("GET", url + "/thumbnail", as: seeded.member).file?.type == "image/webp")
    for other in [seeded.owner, seeded.admin, seeded.moderator] {
      #expect(community.call("GET", url, as: other).status == 404)
      #expect(community.call("GET", url + "/thumbnail", as: other).status == 404)
    }
    #expect(community.call("GET", url).status == 401)
  }

  @Test func `a file that was sent is for those who see its channel`() throws {
    let (community, seeded) = try communityWithFiles()
    let file = community.upload("a.png", as: seeded.moderator)["attachment"]
    let url = try #require(file["url"]?.string)
    try community.send(file, in: seeded.staff, by: seeded.moderator, message: 1)
    #expect(community.call("GET", url, as: seeded.admin).status == 200)
    #expect(community.call("GET", url, as: seeded.moderator).status == 200)
    #expect(community.call("GET", url, as: seeded.member).status == 404)
    #expect(community.call("GET", url + "/thumbnail", as: seeded.member).status == 404)
    // The uploader loses it with the channel.
    try community.write { writing throws(Problem) in
      try writing.tables.execute("DELETE FROM user_roles WHERE user_id = ?1", seeded.moderator)
      try writing.directoryChanged()
    }
    #expect(community.call("GET", url, as: seeded.moderator).status == 404)
  }

  @Test func `an id that is not there, or none, names nothing`() throws {
    let (community, seeded) = try communityWithFiles()
    for id in ["0000000000000001", "nonsense", "..", "ffffffffffffffff"] {
      #expect(community.call("GET", "/api/attachments/\(id)/a", as: seeded.owner).status == 404)
    }
  }

  @Test(arguments: [
    ("a.png", "image/png", "inline"), ("a.txt", "text/plain; charset=utf-8", "inline"),
    ("a.html", "application/octet-stream", "attachment"), ("a.zip", "application/octet-stream", "attachment"),
  ])
  func `nothing that could run is shown in place, and nobody guesses types`(
    name: String, type: String, disposition: String
  ) throws {
    let (community, seeded) = try communityWithFiles()
    let url = try #require(community.upload(name, as: seeded.member)["attachment"]["url"]?.string)
    let answer = community.call("GET", url, as: seeded.member)
    #expect(answer.file?.type == type)
    #expect(answer.file?.disposition == "\(disposition); filename*=UTF-8''\(name)")
    let headers = Dictionary(answer.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    #expect(headers["X-Content-Type-Options"] == "nosniff")
    #expect(headers["Content-Security-Policy"] == "sandbox; default-src 'none'")
    #expect(headers["ETag"]?.count == 34)
  }
}

@Suite struct LinkTests {
  @Test func `only one's own files that wait can be sent, each once`() throws {
    let (community, seeded) = try communityWithFiles()
    let file = community.upload("a", as: seeded.member)["attachment"]
    let id = try #require(file["id"]?.string.flatMap { Identifier($0) })
    func kinds(_ ids: [Identifier], _ user: Identifier) throws(Problem) -> [AttachmentKind] {
      try community.read { reading throws(Problem) in try Attachments.kinds(of: ids, by: user, reading.tables) }
    }
    #expect(throws: Problem.self) { try kinds([id], seeded.admin) }
    #expect(throws: Problem.self) { try kinds([id, id], seeded.member) }
    #expect(throws: Problem.self) { try kinds([Identifier(rawValue: 5)], seeded.member) }
    #expect(try kinds([id], seeded.member) == [.other])
    try community.send(file, in: seeded.text, by: seeded.member, message: 1)
    #expect(throws: Problem.self) { try kinds([id], seeded.member) }
  }

  @Test func `a message's files come in the order in which they were sent`() throws {
    let (community, seeded) = try communityWithFiles()
    let ids = (0..<3).compactMap { _ in
      community.upload("a.png", as: seeded.member)["attachment"]["id"]?.string.flatMap { Identifier($0) }
    }
    let order = [ids[2], ids[0], ids[1]]
    let message = Identifier(rawValue: 9)
    try community.write { writing throws(Problem) in
      let kinds = try Attachments.kinds(of: order, by: seeded.member, writing.tables)
      #expect(kinds == [.image, .image, .image])
      try Attachments.link(order, to: message, in: seeded.text, writing.tables)
    }
    let views = try community.read { reading throws(Problem) in
      try Attachments.views(of: [message, Identifier(rawValue: 10)], reading.tables)
    }
    #expect(views[message]?.compactMap { $0["id"]?.string } == order.map(\.description))
    #expect(views.count == 1)
  }
}

@Suite struct AvatarTests {
  @Test func `a picture is set, told, seen and taken away`() throws {
    let (community, seeded) = try communityWithFiles()
    let set = community.call(
      "POST", "/api/users/me/avatar", as: seeded.member, bytes: [5, 6], contentType: "image/png")
    #expect(set.status == 200)
    let url = try #require(set["user"]["avatar_url"]?.string)
    #expect(url.hasPrefix("/api/users/\(seeded.member)/avatar?v="))
    let events = community.takeEvents()
    #expect(events.map(\.op) == ["member_update"])
    let seen = community.call("GET", url, as: seeded.admin)
    #expect(seen.file?.type == "image/webp" && seen.file?.size == 2)
    #expect(community.call("GET", url).status == 401)
    #expect(community.call("DELETE", "/api/users/me/avatar", as: seeded.member)["user"]["avatar_url"]?.isNull == true)
    #expect(community.call("GET", url, as: seeded.admin).status == 404)
  }
}

@Suite struct CollectionTests {
  private func collect(_ community: TestCommunity) throws -> [String] {
    try community.write { writing throws(Problem) in try Attachments.collect(&writing) }
  }

  @Test func `an upload that nobody sends is gone after a day, and its content an hour later`() throws {
    let (community, seeded) = try communityWithFiles()
    let url = try #require(community.upload("a.png", as: seeded.member)["attachment"]["url"]?.string)
    community.advance(.seconds(24 * 3600 - 1))
    #expect(try collect(community).isEmpty)
    #expect(community.call("GET", url, as: seeded.member).status == 200)
    community.advance(.seconds(1))
    #expect(try collect(community).isEmpty)
    #expect(community.call("GET", url, as: seeded.member).status == 404)
    community.advance(.seconds(3600))
    let blobs = try collect(community)
    // The file and its thumbnail.
    #expect(blobs.count == 2)
    #expect(try collect(community).isEmpty)
  }

  @Test func `what was sent stays until its message goes`() throws {
    let (community, seeded) = try communityWithFiles()
    let file = community.upload("a", as: seeded.member)["attachment"]
    try community.send(file, in: seeded.text, by: seeded.member, message: 1)
    community.advance(.seconds(100 * 24 * 3600))
    #expect(try collect(community).isEmpty)
    try community.write { writing throws(Problem) in
      try Attachments.remove(of: [Identifier(rawValue: 1)], writing.tables)
    }
    #expect(try collect(community).isEmpty)
    community.advance(.seconds(3600))
    #expect(try collect(community).count == 1)
  }

  @Test func `content that somebody else has too stays`() throws {
    let (community, seeded) = try communityWithFiles()
    let file = community.upload("a", as: seeded.member)["attachment"]
    try community.send(file, in: seeded.text, by: seeded.member, message: 1)
    _ = community.upload("b", as: seeded.admin)
    community.advance(.seconds(24 * 3600))
    _ = try collect(community)
    community.advance(.seconds(3600))
    #expect(try collect(community).isEmpty)
  }

  @Test func `an avatar that was replaced goes, one that is used stays`() throws {
    let (community, seeded) = try communityWithFiles()
    for byte: UInt8 in [1, 2] {
      _ = community.call(
        "POST", "/api/users/me/avatar", as: seeded.member, bytes: [byte], contentType: "image/png")
    }
    _ = try collect(community)
    community.advance(.seconds(3600))
    #expect(try collect(community) == [String(repeating: "0", count: 62) + "01"])
    let blob = String(repeating: "0", count: 62) + "02"
    let unnamed = try community.read { reading throws(Problem) in
      try Attachments.unnamed(among: [blob, "never"], reading.tables)
    }
    #expect(unnamed == ["never"])
  }

  @Test func `looking for what is to go walks an index`() throws {
    let (community, _) = try communityWithFiles()
    for sql in [
      "SELECT id FROM attachments WHERE message_id IS NULL AND created_at <= 1 LIMIT 1",
      "SELECT 1 FROM attachments WHERE blob = 'x'", "SELECT 1 FROM attachments WHERE thumbnail_blob = 'x'",
      "SELECT 1 FROM users WHERE avatar_blob = 'x'", "SELECT 1 FROM attachments WHERE message_id = 1",
      "SELECT sum(file_size) FROM attachments WHERE user_id = 1",
    ] {
      let plan = try community.read { reading throws(Problem) in
        try reading.tables.query("EXPLAIN QUERY PLAN " + sql) { $0.text(3) }
      }
      #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") }, "\(sql): \(plan)")
    }
  }
}
