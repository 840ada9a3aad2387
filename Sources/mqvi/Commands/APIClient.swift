// The subcommands' way to the running server: one request, one answer, plain HTTP.

import Chronology
import JSON
import Reactor
import Wire

/// Why the server could not be asked, in words.
struct APIClientError: Error, CustomStringConvertible {
  let description: String
}

struct APIClient {
  private enum Limit {
    static let wait = Interval.seconds(10)
    static let answer = 64 * 1024 * 1024
  }

  let host: String
  let port: UInt16
  let prefix: String

  /// From `http://host[:port][/path]`.
  init(url: String) throws(APIClientError) {
    guard url.hasPrefix("http://") else {
      throw APIClientError(description: "\(url): only http:// is spoken here; ask the server on its own machine")
    }
    let rest = url.dropFirst(7)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash]
    let colon = authority.lastIndex(of: ":").flatMap { authority[$0...].contains("]") ? nil : $0 }
    host = String(colon.map { authority[..<$0] } ?? authority).filter { $0 != "[" && $0 != "]" }
    prefix = String(rest[slash...].hasSuffix("/") ? rest[slash...].dropLast() : rest[slash...])
    guard let number = colon.map({ UInt16(authority[authority.index(after: $0)...]) }) ?? 80, !host.isEmpty else {
      throw APIClientError(description: "\(url) is not a URL such as http://127.0.0.1:8080")
    }
    port = number
  }

  /// Calls a method of the room service.
  func call(_ method: String, _ arguments: JSONValue, token: String) throws -> JSONValue {
    let body = arguments.serialized
    let head = """
      POST \(prefix)/twirp/livekit.RoomService/\(method) HTTP/1.1\r
      Host: \(host)\r
      Connection: close\r
      Authorization: Bearer \(token)\r
      Content-Type: application/json\r
      Content-Length: \(body.count)\r
      \r

      """
    return try answer(to: Array(head.utf8) + body)
  }

  /// Asks for a document.
  func get(_ path: String, token: String) throws -> JSONValue {
    let head = """
      GET \(prefix)\(path) HTTP/1.1\r
      Host: \(host)\r
      Connection: close\r
      Authorization: Bearer \(token)\r
      \r

      """
    return try answer(to: Array(head.utf8))
  }

  private func answer(to request: [UInt8]) throws -> JSONValue {
    let (status, body) = try exchange(request)
    guard let value = try? JSONValue(parsing: body) else {
      throw APIClientError(description: "the server says \(status) and no JSON: it may be another or an older one")
    }
    guard status == 200 else {
      throw APIClientError(description: "the server says \(status): \(value["msg"]?.string ?? "no reason")")
    }
    return value
  }

  /// Sends the request and reads until the server closes.
  private func exchange(_ request: [UInt8]) throws -> (status: Int, body: [UInt8]) {
    let addresses = SocketAddress(host: host, port: port).map { [$0] } ?? SocketAddress.resolve(host, port: port)
    guard let address = addresses.first else { throw APIClientError(description: "\(host) is not known") }
    let socket = try StreamSocket(connectingTo: address)
    var poller = try Poller()
    try poller.add(socket.descriptor.rawValue, token: 0, writes: true)
    let deadline = Clock.now() + Limit.wait
    var written = 0
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while Clock.now() < deadline, answer.count < Limit.answer {
      _ = poller.wait(deadline - Clock.now())
      if written < request.count {
        switch socket.write(Array(request[written...])) {
        case .bytes(let count): written += count
        case .wouldBlock: break
        case .end, .failed: throw APIClientError(description: "no server answers at \(address)")
        }
        if written == request.count { poller.change(socket.descriptor.rawValue, token: 0, writes: false) }
      }
      switch socket.read(into: &buffer) {
      case .bytes(let count): answer += buffer[..<count]
      case .wouldBlock: break
      case .end: return try Self.parse(answer)
      case .failed: throw APIClientError(description: "no server answers at \(address)")
      }
    }
    throw APIClientError(description: "the server at \(address) does not answer")
  }

  private static func parse(_ answer: [UInt8]) throws(APIClientError) -> (status: Int, body: [UInt8]) {
    let text = answer.prefix(16).split(separator: UInt8(ascii: " "))
    guard text.count > 1, let status = Int(String(decoding: text[1].prefix(3), as: UTF8.self)),
      let end = answer.indices.dropLast(3).first(where: { answer[$0...].starts(with: [13, 10, 13, 10]) })
    else { throw APIClientError(description: "what answers there is no mqvi") }
    return (status, Array(answer[(end + 4)...]))
  }
}
