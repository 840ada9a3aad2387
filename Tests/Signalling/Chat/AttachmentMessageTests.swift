// Files on messages.

import API
import Access
import Attachments
import Chat
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import Testing

extension Talk {
  /// A stored upload of `user`.
  func upload(_ name: String, _ type: String, by user: Identifier? = nil) throws -> Identifier {
    let blob = String(repeating: "0", count: 60) + String(0x1000 + name.utf8.count)
    let owner = user ?? member
    return try community.write { writing throws(Problem) in
      try Attachments.store(KeptFile(blob: blob, size: 3, type: type), name: name, by: owner, &writing).id
    }
  }
}

@Suite struct AttachmentMessageTests {
  private func files(_ ids: Identifier...) -> JSONValue {
    ["attachments": .array(ids.map { .string($0.description) })]
  }

  @Test func `a message may be files only, and shows them in their order`() throws {
    let talk = try Talk()
    let second = try talk.upload("iki.png", "image/png")
    let first = try talk.upload("bir.txt", "text/plain")
    let message = try talk.send("", files(first, second))
    #expect(message["content"] == .some(.null))
    #expect(message["attachments"]?.array?.map { $0["filename"] } == ["bir.txt", "iki.png"])
    #expect(talk.search("has:image").ids == [message.key])
    #expect(talk.search("has:file").ids == [message.key])
    #expect(talk.search("has:video").ids.isEmpty)
    // Its text may be added and taken away again.
    #expect(talk.call("PATCH", "/messages/\(message.key)", ["content": "bak"]).status == 200)
    #expect(talk.call("PATCH", "/messages/\(message.key)", ["content": ""])["message"]["content"] == JSONValue.null)
  }

  @Test func `only one's own uploads are sent, and once`() throws {
    let talk = try Talk()
    let foreign = try talk.upload("a.txt", "text/plain", by: talk.owner)
    let own = try talk.upload("b.txt", "text/plain")
    #expect(talk.trySend("x", files(foreign)).status == 400)
    #expect(talk.trySend("x", files(own, own)).status == 400)
    try talk.send("x", files(own))
    #expect(talk.trySend("x", files(own)).status == 400)
    #expect(try talk.number("SELECT count(*) FROM messages") == 1)
  }

  @Test func `a retry with a nonce does not miss its files`() throws {
    let talk = try Talk()
    let file = try talk.upload("a.txt", "text/plain")
    let body: JSONValue = ["attachments": [.string(file.description)], "nonce": "n"]
    let first = try talk.send("x", body)
    #expect(try talk.send("x", body) == first)
  }

  @Test func `files go with their message, and with their channel`() throws {
    let talk = try Talk()
    let channel = try talk.channel()
    let message = try talk.send("x", files(try talk.upload("a.txt", "text/plain")))
    try talk.send("x", in: channel, files(try talk.upload("b.txt", "text/plain")))
    let rows = "SELECT count(*) FROM attachments"
    #expect(talk.call("DELETE", "/messages/\(message.key)").status == 200)
    #expect(try talk.number(rows) == 1)
    try talk.execute("DELETE FROM channels WHERE id = ?1", channel)
    #expect(try talk.upkeep() == 1)
    #expect(try talk.number(rows) == 0)
    #expect(try talk.number("SELECT count(*) FROM blob_candidates") == 1)
  }
}
