// Requests and responses as values. What the rest of the program knows of HTTP.

import Chronology
import Reactor
public import Wire

public enum HTTPMethod: String, Sendable, CaseIterable {
  case get = "GET"
  case head = "HEAD"
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"
  case options = "OPTIONS"
}

/// Header fields in the order in which they came. Names are compared without case (RFC 9110 §5.1).
public struct HTTPHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  /// Names are in lower case.
  public private(set) var fields: [(name: String, value: String)] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }

  public static func == (a: Self, b: Self) -> Bool { a.fields.elementsEqual(b.fields, by: ==) }

  public mutating func add(_ name: String, _ value: String) { fields.append((name.lowercased(), value)) }

  /// Replaces every field of that name.
  public mutating func set(_ name: String, _ value: String) {
    let lowered = name.lowercased()
    fields.removeAll { $0.name == lowered }
    fields.append((lowered, value))
  }

  /// The first field of that name (lower case).
  public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  /// The last field of that name (lower case).
  func last(_ name: String) -> String? { fields.last { $0.name == name }?.value }

  /// Whether a comma-separated field of that name (lower case) lists `token` (lower case).
  func lists(_ name: String, _ token: String) -> Bool {
    fields.contains { field in
      field.name == name
        && field.value.split(separator: ",").contains { $0.trimmingSpaces.lowercased() == token }
    }
  }
}

public struct HTTPRequest: Sendable {
  public var method: HTTPMethod
  /// As sent, not percent-decoded; several leading slashes are one (LiveKit clients join URLs carelessly).
  public var path: String
  /// What follows the first `?`, as sent. It holds access tokens: never log it.
  public var query: String
  public var headers: HTTPHeaders
  public var body: [UInt8]
  /// The other end of the connection.
  public var peer: SocketAddress
  /// Whether this connection is TLS.
  public var isSecure: Bool

  public init(
    method: HTTPMethod, path: String, query: String = "", headers: HTTPHeaders = [:], body: [UInt8] = [],
    peer: SocketAddress, isSecure: Bool = false
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.peer = peer
    self.isSecure = isSecure
  }

  /// Where the request came from, for rate limits. A proxy on this machine is believed about whom it serves: the last
  /// entry of the last X-Forwarded-For is the one that it wrote itself, whatever its client sent along. An entry that is
  /// no address is nobody's, and not this machine's either.
  public var clientAddress: SocketAddress {
    guard peer.isLoopback, let field = headers.last("x-forwarded-for") else { return peer }
    let entry = field.split(separator: ",").last?.trimmingSpaces ?? ""
    return SocketAddress(host: entry, port: 0) ?? SocketAddress(v4: 0, port: 0)
  }

  /// `scheme://authority` under which the client reached us, as far as it says.
  public var origin: (isSecure: Bool, host: String) {
    let proxied = peer.isLoopback ? headers["x-forwarded-proto"] : nil
    let host = (peer.isLoopback ? headers["x-forwarded-host"] : nil) ?? headers["host"] ?? "localhost"
    return (proxied.map { $0 == "https" } ?? isSecure, host)
  }
}

public struct HTTPResponse: Sendable, Equatable {
  /// Three digits.
  public var status: Int
  public var headers: HTTPHeaders
  public var body: [UInt8]
  /// Sent in place of `body`. The server reads it piece by piece and answers ranges and conditions itself: give the
  /// whole file with status 200 and, where there is one, its `ETag`.
  public var file: HTTPFile?

  public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], file: HTTPFile? = nil) {
    self.status = status
    self.headers = headers
    self.body = body
    self.file = file
  }

  /// A plain-text response.
  public static func text(_ status: Int, _ text: String) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: Array(text.utf8))
  }

  public static func json(_ status: Int, _ body: [UInt8]) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": "application/json"], body: body)
  }

  /// What the web edge itself says no to, in the envelope of our own API (UN-003). `text` holds nothing that JSON would
  /// have to escape.
  static func refusal(_ status: Int, _ text: String) -> HTTPResponse {
    let code =
      switch status {
      case 404: "NOT_FOUND"
      case 405: "METHOD_NOT_ALLOWED"
      case 413: "PAYLOAD_TOO_LARGE"
      case 500: "INTERNAL_ERROR"
      case 503: "UNAVAILABLE"
      default: "VALIDATION_ERROR"
      }
    var response = json(status, Array(#"{"success":false,"error":"\#(text)","code":"\#(code)"}"#.utf8))
    response.headers.add("Cache-Control", "no-store")
    if status == 503 { response.headers.add("Retry-After", String(Limit.retryAfter.nanoseconds / 1_000_000_000)) }
    return response
  }

  /// The reason phrase, which nobody reads but people.
  var reason: String {
    switch status {
    case 100: "Continue"
    case 101: "Switching Protocols"
    case 200: "OK"
    case 201: "Created"
    case 204: "No Content"
    case 206: "Partial Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 412: "Precondition Failed"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Range Not Satisfiable"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    case 507: "Insufficient Storage"
    default: "Status"
    }
  }

  /// Whether a response of this status has a body (RFC 9110 §6.4.1).
  var hasContent: Bool { status >= 200 && status != 204 && status != 304 }

  /// What goes out before the body. The answer to HEAD tells the length too.
  func head(date: String, keepsAlive: Bool) -> [UInt8] {
    var head = "HTTP/1.1 \(status) \(reason)\r\ndate: \(date)\r\n"
    for field in headers.fields { head += "\(field.name): \(field.value.singleLine)\r\n" }
    if hasContent { head += "content-length: \(file?.length ?? body.count)\r\n" }
    if status != 101 { head += keepsAlive ? "connection: keep-alive\r\n" : "connection: close\r\n" }
    head += "\r\n"
    return Array(head.utf8)
  }
}

extension StringProtocol {
  /// Without spaces and tabs at either end.
  var trimmingSpaces: SubSequence {
    var rest = self[...]
    while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
    return rest
  }

  /// Control characters become spaces: no value of ours can start another header line.
  fileprivate var singleLine: String {
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return String(self) }
    return String(decoding: utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
  }
}
