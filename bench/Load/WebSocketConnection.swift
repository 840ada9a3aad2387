// A WebSocket (RFC 6455) as a client speaks it: what both servers' signalling runs over.

import Reactor
import Wire

/// What a client says to a server to be let in.
struct WebSocketRequest {
  var server: SocketAddress
  var path: String
  /// `Sec-WebSocket-Protocol`; nil: none.
  var subprotocol: String?
}

final class WebSocketConnection {
  enum Message {
    case text([UInt8])
    case binary([UInt8])
  }

  private var socket: StreamSocket
  private var output: [UInt8]
  private var input: [UInt8] = []
  /// The beginning of a message that comes in several frames (§5.4), and its opcode.
  private var fragments: (opcode: UInt8, bytes: [UInt8])?
  private var isUpgraded = false
  private(set) var isClosed = false
  private static let readBytes = 65_536
  /// The server's messages are ours to trust; this only keeps a bug from eating the machine.
  private static let messageBytes = 16 << 20

  var descriptor: Int32 { socket.descriptor.rawValue }

  init(_ request: WebSocketRequest) throws(SystemError) {
    socket = try StreamSocket(connectingTo: request.server)
    // §4.1. The key is any 16 bytes; the answer to it is not checked, since the server is one that we have started.
    var head = """
      GET \(request.path) HTTP/1.1\r
      Host: localhost\r
      Upgrade: websocket\r
      Connection: Upgrade\r
      Sec-WebSocket-Version: 13\r
      Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r

      """
    if let name = request.subprotocol { head += "Sec-WebSocket-Protocol: \(name)\r\n" }
    output = Array((head + "\r\n").utf8)
  }

  func send(_ message: Message) {
    switch message {
    case .text(let bytes): sendFrame(opcode: 1, bytes)
    case .binary(let bytes): sendFrame(opcode: 2, bytes)
    }
  }

  /// A masked frame; the mask is zero, which leaves the payload as it is (§5.3 asks for an unpredictable one to protect
  /// proxies, and there is none here).
  private func sendFrame(opcode: UInt8, _ payload: [UInt8]) {
    output.append(0x80 | opcode)
    switch payload.count {
    case ..<126: output.append(0x80 | UInt8(payload.count))
    case ..<65_536: output += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    default: output += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
    }
    output += [0, 0, 0, 0] + payload
    flush()
  }

  func flush() {
    while !output.isEmpty {
      guard case .bytes(let count) = socket.write(output) else { return }
      output.removeFirst(count)
    }
  }

  /// Whether writing must wait for readiness.
  var hasOutput: Bool { !output.isEmpty }

  /// Reads what is there: whole messages, oldest first.
  func receive() -> [Message] {
    flush()
    var buffer = [UInt8](repeating: 0, count: Self.readBytes)
    reading: while !isClosed {
      switch socket.read(into: &buffer) {
      case .bytes(let count): input += buffer[0..<count]
      case .wouldBlock: break reading
      case .end, .failed: isClosed = true
      }
    }
    return parse()
  }

  private func parse() -> [Message] {
    if !isUpgraded, !takeHead() { return [] }
    var messages: [Message] = []
    var start = 0
    while let (isLast, opcode, range) = nextFrame(at: start) {
      start = range.upperBound
      switch opcode {
      case 0, 1, 2:
        let bytes = (fragments?.bytes ?? []) + input[range]
        let kind = fragments?.opcode ?? opcode
        fragments = isLast ? nil : (kind, bytes)
        if isLast { messages.append(kind == 1 ? .text(bytes) : .binary(bytes)) }
      case 8: isClosed = true
      case 9: sendFrame(opcode: 10, Array(input[range]))
      default: break
      }
    }
    input.removeFirst(start)
    return messages
  }

  /// The HTTP answer: 101, or the connection is of no use.
  private func takeHead() -> Bool {
    let end = Array("\r\n\r\n".utf8)
    guard input.count >= 4, let place = (0...(input.count - 4)).first(where: { Array(input[$0..<($0 + 4)]) == end })
    else { return false }
    let head = String(decoding: input[0..<place], as: UTF8.self)
    isUpgraded = head.hasPrefix("HTTP/1.1 101")
    if !isUpgraded {
      isClosed = true
      Process.write("load: the server refused to signal: \(head.prefix(200))\n", toStandardError: true)
    }
    input.removeFirst(place + 4)
    return isUpgraded
  }

  /// Servers do not mask.
  private func nextFrame(at start: Int) -> (isLast: Bool, opcode: UInt8, payload: Range<Int>)? {
    guard input.count - start >= 2 else { return nil }
    var length = Int(input[start + 1] & 0x7F)
    var head = 2
    if length >= 126 {
      let bytes = length == 126 ? 2 : 8
      guard input.count - start >= 2 + bytes else { return nil }
      length = input[(start + 2)..<(start + 2 + bytes)].reduce(0) { $0 << 8 | Int($1) }
      head += bytes
    }
    guard length <= Self.messageBytes, input.count - start >= head + length else { return nil }
    return (input[start] & 0x80 != 0, input[start] & 0x0F, (start + head)..<(start + head + length))
  }
}
