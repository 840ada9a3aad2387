// A request's first line and header fields (RFC 9112 §3, §5).

enum RequestHead {
  /// `head` is whole: lines that each end in CRLF.
  static func parse(_ head: [UInt8]) throws(RequestRefused) -> ParsedRequest {
    var lines = Lines(bytes: head)
    guard let first = try lines.next() else { throw RequestRefused(400, "empty request") }
    var request = try requestLine(first)
    while let line = try lines.next() {
      guard request.headers.fields.count < Limit.headerFields else {
        throw RequestRefused(431, "too many header fields")
      }
      try field(line, into: &request.headers)
    }
    let hosts = request.headers.fields.filter { $0.name == "host" }.count
    guard hosts == 1 || (hosts == 0 && !request.keepsAlive) else { throw RequestRefused(400, "one host is required") }
    if request.headers.lists("connection", "close") { request.keepsAlive = false }
    return request
  }

  private static func requestLine(_ line: ArraySlice<UInt8>) throws(RequestRefused) -> ParsedRequest {
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw RequestRefused(400, "malformed request line") }
    let version = String(decoding: parts[2], as: UTF8.self)
    guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
      guard version.hasPrefix("HTTP/") else { throw RequestRefused(400, "malformed request line") }
      throw RequestRefused(505, "HTTP version not supported")
    }
    let name = String(decoding: parts[0], as: UTF8.self)
    guard let method = HTTPMethod(rawValue: name) else {
      // Known to HTTP and taken by no resource of ours, or known to neither (RFC 9110 §15.6.2).
      let isKnown = name == "TRACE" || name == "CONNECT"
      throw RequestRefused(isKnown ? 405 : 501, "method not supported")
    }
    guard parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw RequestRefused(400, "malformed target") }
    let (path, query) = try target(parts[1])
    // An HTTP/1.0 client is answered and the connection closed.
    return ParsedRequest(
      method: method, path: path, query: query, headers: [:], body: [], keepsAlive: version == "HTTP/1.1")
  }

  /// Origin form, or absolute form as a proxy would send it (RFC 9112 §3.2). `*` is what OPTIONS may ask about.
  private static func target(_ bytes: ArraySlice<UInt8>) throws(RequestRefused) -> (path: String, query: String) {
    let slash = UInt8(ascii: "/")
    let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
    var path = bytes[..<mark]
    if path.first != slash {
      guard !path.elementsEqual("*".utf8) else { return ("*", "") }
      let scheme = String(decoding: path.prefix(8), as: UTF8.self).lowercased()
      guard scheme == "https://" || scheme.hasPrefix("http://") else { throw RequestRefused(400, "malformed target") }
      let authority = path.dropFirst(scheme == "https://" ? 8 : 7)
      path = authority.firstIndex(of: slash).map { authority[$0...] } ?? [slash]
    }
    while path.starts(with: [slash, slash]) { path = path.dropFirst() }
    guard !bytes.contains(UInt8(ascii: "#")) else { throw RequestRefused(400, "fragment in the target") }
    return (String(decoding: path, as: UTF8.self), String(decoding: bytes[mark...].dropFirst(), as: UTF8.self))
  }

  private static func field(_ line: ArraySlice<UInt8>, into headers: inout HTTPHeaders) throws(RequestRefused) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
      throw RequestRefused(400, "malformed header field")
    }
    let name = line[..<colon]
    guard name.allSatisfy(isTokenByte) else { throw RequestRefused(400, "malformed header name") }
    let value = line[(colon + 1)...]
    guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
      throw RequestRefused(400, "malformed header value")
    }
    headers.add(String(decoding: name, as: UTF8.self), String(String(decoding: value, as: UTF8.self).trimmingSpaces))
  }

  /// `tchar` of RFC 9110 §5.6.2.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  /// CRLF-terminated lines; a lone CR or LF is refused.
  private struct Lines {
    let bytes: [UInt8]
    var offset = 0

    mutating func next() throws(RequestRefused) -> ArraySlice<UInt8>? {
      guard offset < bytes.count else { return nil }
      guard let end = bytes[offset...].firstIndex(where: { $0 == 13 || $0 == 10 }), bytes[end] == 13,
        end + 1 < bytes.count, bytes[end + 1] == 10
      else { throw RequestRefused(400, "line without CRLF") }
      defer { offset = end + 2 }
      return bytes[offset..<end]
    }
  }
}
