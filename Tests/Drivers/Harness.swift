// A web server with a simple program behind it, and a client made of nothing but a socket.

import Bytes
import Chronology
import Reactor
import WebEdge
import Wire

/// How long a test waits for what must come. Never the expected time, only the time after which it has failed.
let patience = Interval.seconds(10)

/// What the program behind the test server heard.
enum Heard: Sendable, Equatable {
  case listening(UInt16)
  case opened(ConnectionID)
  case message([UInt8], isText: Bool)
  case closed(ClosedReason)
  case congestion(Bool)
}

/// Echoes bodies and messages; `/later` is answered when `wake` is called.
struct EchoProgram: WebHandler, ~Copyable {
  let heard: Mailbox<Heard>
  let commands: Mailbox<String>
  /// What `/file` sends.
  let file: String
  var waiting: [RequestID] = []
  /// Times that `/large` was asked for, which `/larges` tells.
  var larges = 0

  var nextDeadline: Instant { .distantFuture }

  mutating func request(_ request: HTTPRequest, id: RequestID, at: Moment, replies: inout WebReplies) {
    switch request.path {
    case "/later": waiting.append(id)
    case "/query": replies.respond(id, .text(200, request.query))
    case "/echo": replies.respond(id, HTTPResponse(status: 200, body: request.body))
    case "/large":
      larges += 1
      replies.respond(id, HTTPResponse(status: 200, body: [UInt8](repeating: 7, count: 256 * 1024)))
    case "/held": replies.respond(id, .text(200, String(replies.counters.bodyBytes)))
    case "/count": replies.respond(id, .text(200, String(request.body.count)))
    case "/file":
      let headers: HTTPHeaders = ["Content-Type": "video/mp4", "ETag": "\"tag\""]
      replies.respond(id, HTTPResponse(status: 200, headers: headers, file: HTTPFile(path: file)))
    case "/larges": replies.respond(id, .text(200, String(larges)))
    case "/hello": replies.respond(id, .text(200, "hello"))
    default: replies.respond(id, .text(404, "not found"))
    }
  }

  mutating func bodyLimit(for head: HTTPRequest, at: Moment) -> BodyDecision {
    switch head.path {
    case "/count": .read(upTo: 26_214_400)
    case "/members": .refuse(.text(401, "who are you?"))
    default: .read(upTo: Limit.bodyBytes)
    }
  }

  mutating func upgrade(_ request: HTTPRequest, id: ConnectionID, at: Moment) -> UpgradeDecision {
    request.path == "/ws" ? .accept : .refuse(.text(401, "no permission for you"))
  }

  mutating func opened(_ connection: ConnectionID, at: Moment, replies: inout WebReplies) {
    _ = heard.post(.opened(connection))
  }

  mutating func message(
    _ connection: ConnectionID, _ bytes: [UInt8], isText: Bool, at: Moment, replies: inout WebReplies
  ) {
    if isText, bytes == Array("flood".utf8) {
      let block = [UInt8](repeating: 1, count: 1 << 20)
      for _ in 0..<64 { replies.send(connection, block, isText: false) }
      return
    }
    if isText, bytes == Array("more".utf8) {
      replies.send(connection, [UInt8](repeating: 1, count: 512 * 1024), isText: false)
      _ = heard.post(.message(bytes, isText: isText))
      return
    }
    if isText, bytes == Array("goodbye".utf8) { return replies.close(connection, .goingAway, "as you like") }
    _ = heard.post(.message(bytes, isText: isText))
    replies.send(connection, bytes, isText: isText)
  }

  mutating func closed(_ connection: ConnectionID, _ reason: ClosedReason, at: Moment, replies: inout WebReplies) {
    _ = heard.post(.closed(reason))
  }

  mutating func congestion(
    _ connection: ConnectionID, isCongested: Bool, at: Moment, replies: inout WebReplies
  ) {
    _ = heard.post(.congestion(isCongested))
  }

  mutating func wake(at: Moment, replies: inout WebReplies) {
    for command in commands.takeAll() {
      switch command {
      case "answer": for id in waiting { replies.respond(id, .text(200, "at last")) }
      default: replies.stop(within: .milliseconds(200))
      }
    }
  }
}

/// The server on a thread of its own.
final class TestServer {
  let port: UInt16
  let heard: Mailbox<Heard>
  let commands: Mailbox<String>
  private var worker: Worker?

  init(
    certificate: (chain: String, key: String)? = nil, file: String = "/nowhere",
    bodiesInFlight: Int = Limit.bodiesInFlight
  ) throws {
    let heard = try Mailbox<Heard>(capacity: 10_000)
    let commands = try Mailbox<String>(capacity: 10)
    let worker = try Worker(name: "test-server") {
      let address = SocketAddress(v4: 0x7F00_0001, port: 0)
      var configuration = WebServerConfiguration(address: address, certificate: certificate)
      configuration.bodiesInFlight = bodiesInFlight
      guard
        var server = try? WebServer(configuration),
        (try? server.watch(commands.signal.readable)) != nil
      else { return }
      _ = heard.post(.listening(server.address.port))
      var program = EchoProgram(heard: heard, commands: commands, file: file)
      server.run(&program)
    }
    guard case .listening(let port) = waitForMessage(heard) else { throw SystemError("start the test server", code: 0) }
    self.port = port
    self.heard = heard
    self.commands = commands
    self.worker = consume worker
  }

  func stop() {
    _ = commands.post("stop")
    worker.take()?.join()
  }
}

/// The next message of a mailbox that gets one at a time.
func waitForMessage<Message: Sendable>(_ mailbox: Mailbox<Message>) -> Message? {
  waitForMessages(mailbox).first
}

/// Everything that is there once something is; empty when nothing comes.
func waitForMessages<Message: Sendable>(_ mailbox: Mailbox<Message>) -> [Message] {
  guard var poller = try? Poller(), (try? poller.add(mailbox.signal.readable, token: 1)) != nil else { return [] }
  return poller.wait(patience) > 0 ? mailbox.takeAll() : []
}

/// A TCP connection that is written to and read from by hand.
final class Client {
  let socket: StreamSocket
  private var poller: Poller
  private var buffer = [UInt8](repeating: 0, count: 65_536)
  /// What came and was not taken.
  var input: [UInt8] = []
  private(set) var isAtEnd = false

  init(port: UInt16) throws {
    socket = try StreamSocket(connectingTo: SocketAddress(v4: 0x7F00_0001, port: port))
    poller = try Poller()
    try poller.add(socket.descriptor.rawValue, token: 0, writes: true)
    _ = poller.wait(patience)
    poller.change(socket.descriptor.rawValue, token: 0, writes: false)
  }

  /// Writes all of it, reading meanwhile so that neither side can block the other. False when the connection broke.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var written = 0
    poller.change(socket.descriptor.rawValue, token: 0, writes: true)
    while written < bytes.count {
      switch socket.write(Array(bytes[written..<min(bytes.count, written + 65_536)])) {
      case .bytes(let count): written += count
      case .wouldBlock:
        _ = poller.wait(patience)
        readOnce()
      case .end, .failed: return false
      }
    }
    poller.change(socket.descriptor.rawValue, token: 0, writes: false)
    return true
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  @discardableResult
  private func readOnce() -> Bool {
    switch socket.read(into: &buffer) {
    case .bytes(let count):
      input += buffer[..<count]
      return true
    case .wouldBlock: return true
    case .end, .failed:
      isAtEnd = true
      return false
    }
  }

  /// Reads until `isEnough`, the end of the stream, or the end of our patience.
  func read(until isEnough: ([UInt8]) -> Bool) {
    let deadline = Clock.now() + patience
    while !isEnough(input), !isAtEnd, Clock.now() < deadline {
      _ = poller.wait(deadline - Clock.now())
      readOnce()
    }
  }

  /// Reads to the end of the stream. False when it does not end.
  func readToEnd() -> Bool {
    read { _ in false }
    return isAtEnd
  }

  /// The next response: its status, head and body.
  func response(hasBody: Bool = true) -> (status: Int, head: String, body: String) {
    let answer = bytes(hasBody: hasBody)
    return (answer.status, answer.head, String(decoding: answer.body, as: UTF8.self))
  }

  /// The same with the body as it came.
  func bytes(hasBody: Bool = true) -> (status: Int, head: String, body: [UInt8]) {
    read { Self.headLength($0) != nil }
    guard let length = Self.headLength(input) else { return (0, "", []) }
    let head = String(decoding: input[..<length], as: UTF8.self)
    input.removeFirst(length)
    let status = Int(head.split(separator: " ")[1]) ?? 0
    let line = head.split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
    let count = hasBody ? line.flatMap { Int($0.dropFirst(16)) } ?? 0 : 0
    read { $0.count >= count }
    let body = Array(input.prefix(count))
    input.removeFirst(min(count, input.count))
    return (status, head, body)
  }

  private static func headLength(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...(bytes.count - 4)).first { bytes[$0...].starts(with: [13, 10, 13, 10]) }.map { $0 + 4 }
  }

  // MARK: WebSocket

  func upgrade(_ path: String) -> (status: Int, head: String, body: String) {
    send(
      "GET \(path) HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    return response()
  }

  /// One masked frame.
  static func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
    var writer = ByteWriter(capacity: payload.count + 14)
    writer.uint8((isFinal ? 0x80 : 0) | opcode)
    if payload.count < 126 {
      writer.uint8(0x80 | UInt8(payload.count))
    } else if payload.count < 65_536 {
      writer.uint8(0x80 | 126)
      writer.uint16(UInt16(payload.count))
    } else {
      writer.uint8(0x80 | 127)
      writer.uint64(UInt64(payload.count))
    }
    let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
    writer.append(mask)
    writer.append(payload.enumerated().map { $1 ^ mask[$0 & 3] })
    return writer.bytes
  }

  /// The next frame that is not a ping: its first byte and its payload.
  func nextFrame() -> (first: UInt8, payload: [UInt8])? {
    while true {
      read { $0.count >= 2 }
      guard input.count >= 2 else { return nil }
      let short = Int(input[1] & 0x7F)
      let extra = short == 126 ? 2 : short == 127 ? 8 : 0
      read { $0.count >= 2 + extra }
      guard input.count >= 2 + extra else { return nil }
      let length = extra == 0 ? short : input[2..<(2 + extra)].reduce(0) { $0 << 8 | Int($1) }
      read { $0.count >= 2 + extra + length }
      guard input.count >= 2 + extra + length else { return nil }
      let frame = (input[0], Array(input[(2 + extra)..<(2 + extra + length)]))
      input.removeFirst(2 + extra + length)
      if frame.0 != 0x89 { return frame }
    }
  }
}
