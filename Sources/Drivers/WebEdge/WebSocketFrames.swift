// WebSocket frames (RFC 6455 §5): a decoder for what clients send and an encoder for what we send. No I/O.

import Bytes

/// Status codes of a close frame (RFC 6455 §7.4.1).
public struct CloseCode: RawRepresentable, Equatable, Sendable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let normal = CloseCode(rawValue: 1000)
  public static let goingAway = CloseCode(rawValue: 1001)
  public static let protocolError = CloseCode(rawValue: 1002)
  public static let invalidPayload = CloseCode(rawValue: 1007)
  public static let policyViolation = CloseCode(rawValue: 1008)
  public static let tooLarge = CloseCode(rawValue: 1009)
  public static let internalError = CloseCode(rawValue: 1011)
  public static let tryAgainLater = CloseCode(rawValue: 1013)
}

/// Why a connection must be closed, with the code that says so.
struct WebSocketViolation: Error, Equatable {
  let code: CloseCode
  let reason: String

  init(_ code: CloseCode, _ reason: String) {
    self.code = code
    self.reason = reason
  }
}

enum WebSocketEvent: Equatable {
  case message([UInt8], isText: Bool)
  case ping([UInt8])
  case pong
  case close(CloseCode?)
}

enum Opcode: UInt8 {
  case continuation = 0
  case text = 1
  case binary = 2
  case close = 8
  case ping = 9
  case pong = 10

  var isControl: Bool { rawValue >= 8 }
}

/// Turns a client's bytes into messages, putting fragments together.
struct WebSocketDecoder {
  private struct Header {
    var opcode: Opcode
    var isFinal: Bool
    var length: Int
    var mask: (UInt8, UInt8, UInt8, UInt8)
  }

  private var pending: Header?
  /// The fragments so far, and whether they are text; nil between messages.
  private var fragments: [UInt8]?
  private var fragmentsAreText = false
  /// Bytes that a message may have.
  let limit: Int

  init(limit: Int = Limit.messageBytes) { self.limit = limit }

  /// The next event, or nil while its frame is not whole.
  mutating func decode(_ input: inout InputBuffer) throws(WebSocketViolation) -> WebSocketEvent? {
    while true {
      if pending == nil { pending = try header(&input) }
      guard let frame = pending, input.count >= frame.length else { return nil }
      pending = nil
      var payload = input.take(frame.length)
      Self.unmask(&payload, frame.mask)
      if let event = try finish(frame, payload) { return event }
    }
  }

  /// Parses a frame header once all of it has come, and refuses what is already wrong then.
  private mutating func header(_ input: inout InputBuffer) throws(WebSocketViolation) -> Header? {
    guard input.count >= 2 else { return nil }
    guard input[0] & 0x70 == 0 else { throw WebSocketViolation(.protocolError, "reserved bits") }
    guard let opcode = Opcode(rawValue: input[0] & 0x0F) else {
      throw WebSocketViolation(.protocolError, "unknown opcode")
    }
    guard input[1] & 0x80 != 0 else { throw WebSocketViolation(.protocolError, "frame not masked") }
    let short = Int(input[1] & 0x7F)
    let lengthBytes = short == 126 ? 2 : short == 127 ? 8 : 0
    let isFinal = input[0] & 0x80 != 0
    if opcode.isControl, lengthBytes > 0 || !isFinal {
      throw WebSocketViolation(.protocolError, "control frame too long or fragmented")
    }
    guard input.count >= 2 + lengthBytes + 4 else { return nil }
    var length = UInt64(lengthBytes == 0 ? short : 0)
    for offset in 0..<lengthBytes { length = length << 8 | UInt64(input[2 + offset]) }
    guard opcode.isControl || length <= UInt64(limit - (fragments?.count ?? 0)) else {
      throw WebSocketViolation(.tooLarge, "message too large")
    }
    let at = 2 + lengthBytes
    let mask = (input[at], input[at + 1], input[at + 2], input[at + 3])
    input.consume(at + 4)
    return Header(opcode: opcode, isFinal: isFinal, length: Int(length), mask: mask)
  }

  private mutating func finish(_ frame: Header, _ payload: [UInt8]) throws(WebSocketViolation) -> WebSocketEvent? {
    switch frame.opcode {
    case .ping: return .ping(payload)
    case .pong: return .pong
    case .close: return try close(payload)
    case .text, .binary:
      guard fragments == nil else { throw WebSocketViolation(.protocolError, "message inside a message") }
      fragmentsAreText = frame.opcode == .text
      guard !frame.isFinal else { return try message(payload) }
      fragments = payload
    case .continuation:
      guard var whole = fragments.take() else {
        throw WebSocketViolation(.protocolError, "continuation of nothing")
      }
      whole += payload
      guard !frame.isFinal else { return try message(whole) }
      fragments = whole
    }
    return nil
  }

  private func message(_ bytes: [UInt8]) throws(WebSocketViolation) -> WebSocketEvent {
    if fragmentsAreText, String(validating: bytes, as: UTF8.self) == nil {
      throw WebSocketViolation(.invalidPayload, "text is not UTF-8")
    }
    return .message(bytes, isText: fragmentsAreText)
  }

  private func close(_ payload: [UInt8]) throws(WebSocketViolation) -> WebSocketEvent {
    guard payload.count != 1 else { throw WebSocketViolation(.protocolError, "malformed close") }
    guard payload.count >= 2 else { return .close(nil) }
    return .close(CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1])))
  }

  /// RFC 6455 §5.3.
  static func unmask(_ payload: inout [UInt8], _ mask: (UInt8, UInt8, UInt8, UInt8)) {
    var offset = 0
    let count = payload.count
    while offset + 4 <= count {
      payload[offset] ^= mask.0
      payload[offset + 1] ^= mask.1
      payload[offset + 2] ^= mask.2
      payload[offset + 3] ^= mask.3
      offset += 4
    }
    if offset < count { payload[offset] ^= mask.0 }
    if offset + 1 < count { payload[offset + 1] ^= mask.1 }
    if offset + 2 < count { payload[offset + 2] ^= mask.2 }
  }
}

/// Frame headers of a server: never masked, never fragmented.
enum WebSocketEncoder {
  static func header(_ opcode: Opcode, length: Int) -> [UInt8] {
    var writer = ByteWriter(capacity: 10)
    writer.uint8(0x80 | opcode.rawValue)
    if length < 126 {
      writer.uint8(UInt8(length))
    } else if length < 65_536 {
      writer.uint8(126)
      writer.uint16(UInt16(length))
    } else {
      writer.uint8(127)
      writer.uint64(UInt64(length))
    }
    return writer.bytes
  }

  /// A close frame; the reason is cut to what a control frame holds.
  static func close(_ code: CloseCode, _ reason: String) -> [UInt8] {
    var text = Array(reason.utf8.prefix(123))
    // Cut between characters.
    while String(validating: text, as: UTF8.self) == nil, !text.isEmpty { text.removeLast() }
    let payload = [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)] + text
    return header(.close, length: payload.count) + payload
  }
}
