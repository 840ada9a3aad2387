// HTTP/1.1 requests from bytes, without a socket.

import Randomness
import TestSupport
import Testing
import Wire

@testable import WebEdge

@Suite struct RequestParserTests {
  /// Feeds `text` in pieces of the given sizes and collects what comes out.
  private func parse(_ text: String, pieces: (Int) -> Int = { $0 }) throws -> [ParsedRequest] {
    var parser = RequestParser()
    var input = InputBuffer()
    var bytes = Array(text.utf8)[...]
    var requests: [ParsedRequest] = []
    while !bytes.isEmpty {
      let count = min(bytes.count, max(1, pieces(bytes.count)))
      input.append(bytes.prefix(count))
      bytes = bytes.dropFirst(count)
      while let request = try next(&parser, &input) { requests.append(request) }
    }
    return requests
  }

  /// The next whole request, whatever body it brings.
  private func next(_ parser: inout RequestParser, _ input: inout InputBuffer) throws -> ParsedRequest? {
    while true {
      switch try parser.parse(&input) {
      case .needsMore: return nil
      case .bodyOffered: _ = try parser.accept(upTo: Limit.bodyBytes)
      case .request(let request): return request
      }
    }
  }

  private func refusal(_ text: String) -> Int? {
    do {
      _ = try parse(text)
      return nil
    } catch let error as RequestRefused {
      return error.status
    } catch {
      return nil
    }
  }

  @Test func `requests are the same however the bytes are cut`() throws {
    let text = """
      GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n\
      POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\
      PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n\
      DELETE http://h/d HTTP/1.1\r\nHost: h\r\n\r\n
      """
    try forEachSeed(100) { seed, random in
      var generator = random
      let requests = try parse(text) { Int.random(in: 1...$0, using: &generator) }
      #expect(requests.map(\.path) == ["/a", "/b", "/c", "/d"], "seed \(seed)")
      #expect(requests.map { String(decoding: $0.body, as: UTF8.self) } == ["", "hello", "abcde", ""], "seed \(seed)")
      #expect(requests[0].query == "x=1", "seed \(seed)")
    }
  }

  @Test func `random bytes are refused or waited for, never more`() {
    forEachSeed(300) { _, random in
      var parser = RequestParser()
      var input = InputBuffer()
      let alphabet = Array("GET / HTTP/1.1\r\n: host0chunked".utf8) + [0, 255]
      input.append((0..<400).map { _ in alphabet.randomElement(using: &random) ?? 0 })
      while true {
        guard let request = try? next(&parser, &input) else { break }
        #expect(request.body.count <= 400)
      }
    }
  }

  @Test func `a body with two lengths is refused`() {
    let head = "POST / HTTP/1.1\r\nHost: h\r\n"
    #expect(refusal(head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n") == 400)
    #expect(refusal(head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n") == 400)
    #expect(refusal(head + "Content-Length: +5\r\n\r\n") == 400)
    #expect(refusal(head + "Content-Length: -1\r\n\r\n") == 400)
    #expect(refusal(head + "Content-Length: 99999999999999999999\r\n\r\n") == 413)
    #expect(refusal(head + "Transfer-Encoding: gzip, chunked\r\n\r\n") == 501)
  }

  @Test(arguments: ["+5", "-0", "0x5", "5_", "", " ", "5 5", "\u{665}", "FFFFFFFFFFFFFFFFF"])
  func `a chunk's size is hexadecimal digits and nothing else`(size: String) {
    let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(refusal(head + size + "\r\nhello\r\n0\r\n\r\n") == 400)
  }

  @Test func `what could be read in two ways is refused`() {
    #expect(refusal("GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n") == 400)
    #expect(refusal("GET / HTTP/1.1\r\nHost : h\r\n\r\n") == 400)
    #expect(refusal("GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n") == 400)
    #expect(refusal("GET / HTTP/1.1\r\n\r\n") == 400)
    #expect(refusal("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n") == 400)
    #expect(refusal("GET  / HTTP/1.1\r\nHost: h\r\n\r\n") == 400)
    #expect(refusal("GET relative HTTP/1.1\r\nHost: h\r\n\r\n") == 400)
    #expect(refusal("GET / HTTP/2.0\r\nHost: h\r\n\r\n") == 505)
    #expect(refusal("BREW / HTTP/1.1\r\nHost: h\r\n\r\n") == 501)
  }

  @Test func `more header fields than anyone needs are refused`() {
    let fields = String(repeating: "X: y\r\n", count: Limit.headerFields + 1)
    #expect(refusal("GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n") == 431)
  }
}

@Suite struct ClientAddressTests {
  private func address(from peer: UInt32, _ headers: HTTPHeaders) -> SocketAddress {
    HTTPRequest(method: .get, path: "/", headers: headers, peer: SocketAddress(v4: peer, port: 1)).clientAddress
  }

  @Test func `a proxy's own entry is the last of the last field`() {
    // HAProxy adds a field of its own behind the one that its client sent.
    let headers: HTTPHeaders = ["X-Forwarded-For": "127.0.0.1", "x-forwarded-for": "127.0.0.1, 198.51.100.7"]
    #expect(address(from: 0x7F00_0001, headers) == SocketAddress(host: "198.51.100.7", port: 0))
  }

  @Test func `what a proxy could not name does not count as this machine`() {
    #expect(!address(from: 0x7F00_0001, ["X-Forwarded-For": "unknown"]).isLoopback)
    #expect(!address(from: 0x7F00_0001, ["X-Forwarded-For": ""]).isLoopback)
  }

  @Test func `only a proxy on this machine is believed`() {
    #expect(address(from: 0xC633_6407, ["X-Forwarded-For": "127.0.0.1"]).v4 == 0xC633_6407)
  }
}

@Suite struct WebSocketDecoderTests {
  private func decode(_ bytes: [UInt8], limit: Int = 1000) throws -> [WebSocketEvent] {
    var decoder = WebSocketDecoder(limit: limit)
    var input = InputBuffer()
    input.append(bytes)
    var events: [WebSocketEvent] = []
    while let event = try decoder.decode(&input) { events.append(event) }
    return events
  }

  private func violation(_ bytes: [UInt8], limit: Int = 1000) -> UInt16? {
    do {
      _ = try decode(bytes, limit: limit)
      return nil
    } catch let error as WebSocketViolation {
      return error.code.rawValue
    } catch {
      return nil
    }
  }

  @Test func `messages survive any cut into fragments and pieces`() throws {
    try forEachSeed(100) { seed, random in
      let message = (0..<Int.random(in: 0...600, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      var bytes: [UInt8] = []
      var rest = message[...]
      var isFirst = true
      repeat {
        let count = Int.random(in: 0...rest.count, using: &random)
        let isFinal = count == rest.count
        bytes += Client.frame(isFirst ? 2 : 0, Array(rest.prefix(count)), isFinal: isFinal)
        rest = rest.dropFirst(count)
        isFirst = false
        if isFinal { break }
      } while true
      var decoder = WebSocketDecoder(limit: 1000)
      var input = InputBuffer()
      var events: [WebSocketEvent] = []
      for byte in bytes {
        input.append([byte])
        while let event = try decoder.decode(&input) { events.append(event) }
      }
      #expect(events == [.message(message, isText: false)], "seed \(seed)")
    }
  }

  @Test func `frames that break the protocol close with its code`() {
    #expect(violation([0x81, 0x01, 0x41]) == 1002)  // not masked
    #expect(violation([0xC1, 0x80, 0, 0, 0, 0]) == 1002)  // reserved bit
    #expect(violation([0x83, 0x80, 0, 0, 0, 0]) == 1002)  // unknown opcode
    #expect(violation(Client.frame(0, [1])) == 1002)  // continuation of nothing
    #expect(violation(Client.frame(1, [65], isFinal: false) + Client.frame(1, [65])) == 1002)
    #expect(violation(Client.frame(9, [65], isFinal: false)) == 1002)  // fragmented ping
    #expect(violation(Client.frame(8, [3])) == 1002)
    #expect(violation(Client.frame(1, [0xFF])) == 1007)
    #expect(violation(Client.frame(2, [UInt8](repeating: 0, count: 11)), limit: 10) == 1009)
    #expect(violation([0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]) == 1009)
  }

  @Test func `a close reason is cut between characters`() {
    let frame = WebSocketEncoder.close(.normal, String(repeating: "ğ", count: 100))
    #expect(frame.count <= 2 + 125)
    #expect(String(validating: frame[4...], as: UTF8.self) != nil)
  }
}
