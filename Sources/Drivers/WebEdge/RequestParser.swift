// HTTP/1.1 requests from bytes (RFC 9112). No socket, no clock: bytes in, requests or a refusal out.
//
// Strict where leniency has let requests be smuggled past proxies: lines end in CRLF, no folding, one length at most.

import Bytes
import Reactor

/// A request that cannot be served; the connection ends after the response.
struct RequestRefused: Error, Equatable {
  let status: Int
  let text: String

  init(_ status: Int, _ text: String) {
    self.status = status
    self.text = text
  }

  static func bodyTooLarge(_ limit: Int) -> RequestRefused {
    RequestRefused(413, "the body may have \(limit) bytes at most")
  }
}

/// What became of the bytes so far.
enum ParserOutput {
  case needsMore
  /// The head is whole and a body follows, of a length that is known or not. Nothing of it is read before `accept`.
  case bodyOffered(ParsedRequest, length: Int?)
  case request(ParsedRequest)
}

struct ParsedRequest {
  var method: HTTPMethod
  var path: String
  var query: String
  var headers: HTTPHeaders
  var body: [UInt8]
  var keepsAlive: Bool
}

struct RequestParser {
  private enum Phase {
    case head(scanned: Int)
    /// Length nil: chunked.
    case offered(ParsedRequest, length: Int?)
    case body(ParsedRequest, remaining: Int)
    case chunkSize(ParsedRequest)
    case chunkData(ParsedRequest, remaining: Int)
    case trailers(ParsedRequest)
  }

  private var phase = Phase.head(scanned: 0)
  /// Bytes that the body may have, once that is decided.
  private var bodyLimit = 0

  /// Whether a body is being read.
  var isInBody: Bool {
    switch phase {
    case .head, .offered: false
    case .body, .chunkSize, .chunkData, .trailers: true
    }
  }

  /// Bytes of the body that are held so far.
  var heldBytes: Int {
    switch phase {
    case .head, .offered: 0
    case .body(let request, _), .chunkSize(let request), .chunkData(let request, _), .trailers(let request):
      request.body.count
    }
  }

  /// Reads on with the body that was offered, of at most `limit` bytes. Whether the client waits to hear that it may
  /// send it (RFC 9110 §10.1.1).
  mutating func accept(upTo limit: Int) throws(RequestRefused) -> Bool {
    guard case .offered(let request, let length) = phase else { return false }
    bodyLimit = limit
    if let length {
      guard length <= limit else { throw RequestRefused.bodyTooLarge(limit) }
      phase = .body(request, remaining: length)
    } else {
      phase = .chunkSize(request)
    }
    return request.headers["expect"]?.lowercased() == "100-continue"
  }

  /// Goes on with what `input` holds. After `bodyOffered`, `accept` comes first.
  mutating func parse(_ input: inout InputBuffer) throws(RequestRefused) -> ParserOutput {
    while true {
      switch phase {
      case .head(let scanned):
        return try parseHead(&input, scanned)
      case .offered(let request, let length):
        return .bodyOffered(request, length: length)
      case .body(var request, let remaining):
        let count = min(remaining, input.count)
        // The phase gives its copy up first, so that appending does not copy the body.
        phase = .head(scanned: 0)
        Self.append(input.slice(0, count), to: &request.body, expecting: remaining)
        input.consume(count)
        if count == remaining { return .request(request) }
        phase = .body(request, remaining: remaining - count)
        return .needsMore
      case .chunkSize, .chunkData, .trailers:
        guard let output = try parseChunked(&input) else { continue }
        return output
      }
    }
  }

  /// Room for a declared length is made once a part of it has come: a number in a head reserves nothing.
  private static func append(_ bytes: ArraySlice<UInt8>, to body: inout [UInt8], expecting remaining: Int) {
    if body.count + bytes.count > Limit.unprovenBytes { body.reserveCapacity(body.count + remaining) }
    body += bytes
  }

  private mutating func parseHead(_ input: inout InputBuffer, _ scanned: Int) throws(RequestRefused) -> ParserOutput {
    // Empty lines before a request are passed over (RFC 9112 §2.2).
    while scanned == 0, input.count >= 2, input[0] == 13, input[1] == 10 { input.consume(2) }
    guard let end = Self.endOfHead(input, from: scanned) else {
      if input.count > Limit.headBytes { throw RequestRefused(431, "request head too large") }
      phase = .head(scanned: max(0, input.count - 3))
      return .needsMore
    }
    guard end <= Limit.headBytes else { throw RequestRefused(431, "request head too large") }
    let head = input.take(end)
    input.consume(min(2, input.count))
    let request = try RequestHead.parse(head)
    return try begin(request)
  }

  /// Finds out how the body is delimited (RFC 9112 §6.3).
  private mutating func begin(_ request: ParsedRequest) throws(RequestRefused) -> ParserOutput {
    let lengths = request.headers.fields.filter { $0.name == "content-length" }.map(\.value)
    let codings = request.headers.fields.filter { $0.name == "transfer-encoding" }.map(\.value)
    if !codings.isEmpty {
      guard lengths.isEmpty else { throw RequestRefused(400, "both a length and a transfer coding") }
      guard codings.count == 1, codings[0].lowercased() == "chunked" else {
        throw RequestRefused(501, "transfer coding not supported")
      }
      return offer(request, nil)
    }
    guard let first = lengths.first else {
      phase = .head(scanned: 0)
      return .request(request)
    }
    guard lengths.allSatisfy({ $0 == first }), first.utf8.allSatisfy({ (48...57).contains($0) }), !first.isEmpty else {
      throw RequestRefused(400, "malformed content-length")
    }
    guard let length = Int(first) else { throw RequestRefused(413, "body too large") }
    guard length > 0 else {
      phase = .head(scanned: 0)
      return .request(request)
    }
    return offer(request, length)
  }

  private mutating func offer(_ request: ParsedRequest, _ length: Int?) -> ParserOutput {
    phase = .offered(request, length: length)
    return .bodyOffered(request, length: length)
  }

  /// The chunked coding (RFC 9112 §7.1). Nil: go on.
  private mutating func parseChunked(_ input: inout InputBuffer) throws(RequestRefused) -> ParserOutput? {
    switch phase {
    case .chunkSize(let request):
      guard let line = try Self.line(&input, limit: 256) else { return .needsMore }
      guard let size = Self.chunkSize(line) else { throw RequestRefused(400, "malformed chunk size") }
      guard size <= bodyLimit - request.body.count else { throw RequestRefused.bodyTooLarge(bodyLimit) }
      phase = size == 0 ? .trailers(request) : .chunkData(request, remaining: size)
    case .chunkData(var request, let remaining):
      guard remaining > 0 else {
        guard let line = try Self.line(&input, limit: 2) else { return .needsMore }
        guard line.isEmpty else { throw RequestRefused(400, "chunk longer than its size") }
        phase = .chunkSize(request)
        return nil
      }
      guard input.count > 0 else { return .needsMore }
      let count = min(remaining, input.count)
      phase = .head(scanned: 0)
      request.body += input.slice(0, count)
      input.consume(count)
      phase = .chunkData(request, remaining: remaining - count)
    case .trailers(let request):
      guard let line = try Self.line(&input, limit: 8192) else { return .needsMore }
      guard line.isEmpty else { return nil }
      phase = .head(scanned: 0)
      return .request(request)
    case .head, .offered, .body:
      break
    }
    return nil
  }

  /// The size before a chunk's extensions: hexadecimal digits and nothing else. A sign or an underscore, which number
  /// parsers let pass, would be read otherwise by a proxy in front of us.
  private static func chunkSize(_ line: [UInt8]) -> Int? {
    let text = String(decoding: line.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self).trimmingSpaces
    guard text.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit && $0 < 0x80 }) else { return nil }
    return Int(text, radix: 16)
  }

  /// Takes a line without its CRLF, or nil while it is not whole.
  private static func line(_ input: inout InputBuffer, limit: Int) throws(RequestRefused) -> [UInt8]? {
    for offset in 0..<min(input.count, limit + 2) where input[offset] == 10 {
      guard offset > 0, input[offset - 1] == 13 else { throw RequestRefused(400, "line without CRLF") }
      let line = input.take(offset - 1)
      input.consume(2)
      return line
    }
    guard input.count <= limit + 1 else { throw RequestRefused(400, "line too long") }
    return nil
  }

  /// Offset just behind the last header line's CRLF, from where another CRLF ends the head.
  private static func endOfHead(_ input: InputBuffer, from: Int) -> Int? {
    guard input.count >= 4 else { return nil }
    var offset = from
    let last = min(input.count, Limit.headBytes + 4) - 3
    while offset < last {
      // Looking at every second byte for CR or LF would be faster; a head is parsed once.
      if input[offset] == 13, input[offset + 1] == 10, input[offset + 2] == 13, input[offset + 3] == 10 {
        return offset + 2
      }
      offset += 1
    }
    return nil
  }
}
