// Responses out of files: parts, versions and readers that take their time.

import Bytes
import Chronology
import Foundation
import Randomness
import Reactor
import TestSupport
import Testing

@testable import WebEdge

@Suite struct FileBodyTests {
  /// A server with a file of `size` bytes whose every byte tells where it stands.
  private func serve(
    size: Int, _ body: (_ server: TestServer, _ content: [UInt8]) throws -> Void
  ) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("mqvi-file-\(UUID().uuidString)").path
    let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    try Reactor.Files.createPrivate(path, content)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let server = try TestServer(file: path)
    try body(server, content)
    server.stop()
  }

  private func get(_ client: Client, _ headers: String = "", method: String = "GET") -> (
    status: Int, head: String, body: [UInt8]
  ) {
    client.send("\(method) /file HTTP/1.1\r\nHost: test\r\n\(headers)\r\n")
    return client.bytes(hasBody: method == "GET")
  }

  @Test func `a file comes whole`() throws {
    try serve(size: 3_000_000) { server, content in
      let answer = get(try Client(port: server.port))
      #expect(answer.status == 200)
      #expect(answer.head.contains("accept-ranges: bytes\r\n"))
      #expect(answer.body == content)
    }
  }

  @Test func `an empty file is an empty answer`() throws {
    try serve(size: 0) { server, _ in
      let client = try Client(port: server.port)
      #expect(get(client).body.isEmpty)
      // The connection goes on.
      #expect(get(client, "Range: bytes=0-\r\n").status == 416)
    }
  }

  @Test func `HEAD tells the file's length and sends nothing of it`() throws {
    try serve(size: 5000) { server, _ in
      let client = try Client(port: server.port)
      #expect(get(client, method: "HEAD").head.contains("content-length: 5000\r\n"))
      #expect(get(client).body.count == 5000)
    }
  }

  @Test func `a part comes as 206 with where it stands`() throws {
    try serve(size: 200_000) { server, content in
      let client = try Client(port: server.port)
      let part = get(client, "Range: bytes=100000-149999\r\n")
      #expect(part.status == 206)
      #expect(part.head.contains("content-range: bytes 100000-149999/200000\r\n"))
      #expect(part.body == Array(content[100_000..<150_000]))
      #expect(get(client, "Range: bytes=-10\r\n").body == Array(content.suffix(10)))
      #expect(get(client, "Range: bytes=199990-\r\n").body == Array(content.suffix(10)))
      let beyond = get(client, "Range: bytes=200000-\r\n")
      #expect(beyond.status == 416)
      #expect(beyond.head.contains("content-range: bytes */200000\r\n"))
    }
  }

  @Test func `a part of another version is the whole`() throws {
    try serve(size: 1000) { server, _ in
      let client = try Client(port: server.port)
      #expect(get(client, "Range: bytes=0-9\r\nIf-Range: \"tag\"\r\n").status == 206)
      #expect(get(client, "Range: bytes=0-9\r\nIf-Range: \"other\"\r\n").status == 200)
      #expect(get(client, "Range: bytes=0-9\r\nIf-Range: Sat, 01 Jan 2022 00:00:00 GMT\r\n").status == 200)
    }
  }

  @Test func `a version that the client has is not sent again`() throws {
    try serve(size: 1000) { server, _ in
      let client = try Client(port: server.port)
      let answer = get(client, "If-None-Match: \"x\", W/\"tag\"\r\n")
      #expect(answer.status == 304)
      #expect(!answer.head.contains("content-type"))
      #expect(get(client, "If-None-Match: \"x\"\r\n").status == 200)
    }
  }

  @Test func `a file that is gone is a 404`() throws {
    let server = try TestServer(file: "/nowhere/at/all")
    #expect(get(try Client(port: server.port)).status == 404)
    server.stop()
  }

  @Test func `who does not read its file holds up nobody and gets it all the same`() throws {
    try serve(size: 30_000_000) { server, content in
      let slow = try Client(port: server.port)
      slow.send("GET /file HTTP/1.1\r\nHost: test\r\n\r\nGET /hello HTTP/1.1\r\nHost: test\r\n\r\n")
      let other = try Client(port: server.port)
      other.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n")
      #expect(other.response().body == "hello")
      #expect(slow.bytes().body == content)
      #expect(slow.response().body == "hello")
    }
  }

  @Test(arguments: ["bytes=5-4", "bytes=a-b", "bytes=", "bytes=-", "bytes=1-2,4-5", "items=0-1", "bytes=+1-2"])
  func `a range that makes no sense gives the whole`(range: String) {
    #expect(ByteRange(range, of: 100) == .whole)
  }

  @Test func `every range lies in its file`() {
    forEachSeed(200) { seed, random in
      var generator = random
      let size = Int.random(in: 0...1000, using: &generator)
      let first = Int.random(in: 0...1200, using: &generator)
      let last = Int.random(in: 0...1200, using: &generator)
      for text in [
        "bytes=\(first)-\(last)", "bytes=\(first)-", "bytes=-\(last)", "bytes=\(first)-99999999999999999999",
      ] {
        guard case .part(let part) = ByteRange(text, of: size) else { continue }
        #expect(!part.isEmpty && part.lowerBound >= 0 && part.upperBound <= size, "seed \(seed): \(text) of \(size)")
      }
    }
  }

  @Test func `what waits comes out as it went in, however it is taken`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("mqvi-queue-\(UUID().uuidString)").path
    let content = (0..<150_000).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
    try Reactor.Files.createPrivate(path, content)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let allowance = FileAllowance(limit: 10)
    forEachSeed(20) { seed, random in
      var generator = random
      var queue = OutputQueue()
      var expected: [UInt8] = []
      for _ in 0..<6 {
        if Bool.random(using: &generator), let file = try? OpenFile(path, allowance) {
          let start = Int.random(in: 0..<content.count, using: &generator)
          let length = Int.random(in: 0...(content.count - start), using: &generator)
          file.narrow(to: start, length)
          queue.append(file)
          expected += content[start..<(start + length)]
        } else {
          let bytes = Array(content.prefix(Int.random(in: 0...100_000, using: &generator)))
          queue.append(bytes)
          expected += bytes
        }
      }
      var taken: [UInt8] = []
      #expect(queue.count == expected.count, "seed \(seed)")
      while !queue.isEmpty, let piece = queue.next() {
        let count = Int.random(in: 1...piece.count, using: &generator)
        taken += piece.prefix(count)
        queue.consume(count)
      }
      #expect(taken == expected, "seed \(seed)")
      #expect(!queue.holdsFile, "seed \(seed)")
    }
    #expect(allowance.open == 0)
  }

  @Test func `files beyond the descriptors that may be spent on them are refused, and a closed one makes room`() throws
  {
    let allowance = FileAllowance(limit: 1)
    do {
      let first = try OpenFile("/etc/passwd", allowance)
      #expect(throws: SystemError.self) { try OpenFile("/etc/passwd", allowance) }
      #expect(first.length > 0)
    }
    #expect(throws: Never.self) { try OpenFile("/etc/passwd", allowance) }
  }

  @Test func `a file that became shorter ends the connection`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("mqvi-short-\(UUID().uuidString)").path
    try Reactor.Files.createPrivate(path, [UInt8](repeating: 1, count: 100))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try OpenFile(path, FileAllowance(limit: 1))
    try #require(truncate(path, 50) == 0)
    var queue = OutputQueue()
    queue.append(file)
    #expect(queue.next() == nil)
  }
}
