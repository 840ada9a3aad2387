// Fuzz entries of what arrives outside of RTP: STUN, stream framing, and addresses in text.

import Bytes
import FuzzSupport
import Wire

extension FuzzEntry {
  public static let stun = FuzzEntry(name: "STUN", seeds: stunSeeds) { bytes in
    let packet = bytes.rawSpan
    guard let message = try? STUNMessage(parsing: packet) else { return }
    if let username = message.username { require(username.end <= packet.byteCount) }
    _ = message.usernameFragments(in: packet)
    _ = message.hasValidIntegrity(in: packet) { [UInt8](repeating: UInt8($0.byteCount & 0xFF), count: 20) }
    guard let address = message.mappedAddress else { return }
    var builder = STUNBuilder(.success, transactionID: message.transactionID)
    builder.xorMappedAddress(address)
    let answer = builder.finish()
    let parsed = try? STUNMessage(parsing: answer.rawSpan)
    require(parsed?.mappedAddress == address, "an address must survive the way there and back")
    require(parsed?.hasValidFingerprint == true)
  }

  private static let stunSeeds: [String: [UInt8]] = {
    let id = STUNTransactionID(high: 0xB7E7_A701, low: 0xBC34_D686_FA87_DFAE)
    let hmac: (RawSpan) -> [UInt8] = { _ in [UInt8](repeating: 7, count: 20) }
    var check = STUNBuilder(.request, transactionID: id)
    check.username("server:client")
    check.priority(1_845_501_695)
    check.role(.controlling(tieBreaker: 0x932F_F9B1_5126_3B36))
    check.useCandidate()
    var answer = STUNBuilder(.success, transactionID: id)
    answer.xorMappedAddress(SocketAddress(v4: 0xC000_0201, port: 32853))
    var answer6 = STUNBuilder(.success, transactionID: id)
    answer6.xorMappedAddress(
      SocketAddress(high: 0x2001_0DB8_1234_5678, low: 0x0011_2233_4455_6677, port: 32853))
    var conflict = STUNBuilder(.error, transactionID: id)
    conflict.errorCode(STUNErrorCode.roleConflict, reason: "Role Conflict")
    var unknown = STUNBuilder(.error, transactionID: id)
    unknown.errorCode(STUNErrorCode.unknownAttribute, reason: "Unknown Attribute")
    unknown.unknownAttributes([0x7F00, 0x7F01])
    unknown.software("mqvi")
    return [
      "check": check.finish(hmac: hmac), "answer": answer.finish(hmac: hmac), "answer-ipv6": answer6.finish(hmac: hmac),
      "role-conflict": conflict.finish(hmac: hmac), "unknown-attributes": unknown.finish(),
    ]
  }()

  /// The first byte says into how large pieces the stream is cut: the frames must not depend on it.
  public static let framing = FuzzEntry(
    name: "Framing",
    seeds: [
      "two-frames": [3, 0, 2, 0xAA, 0xBB, 0, 3, 1, 2, 3], "empty-frames": [1, 0, 0, 0, 0, 0, 1, 9],
      "unfinished": [7, 0, 200, 1, 2, 3], "too-long": [2, 0xFF, 0xFF, 1],
    ]
  ) { bytes in
    guard let first = bytes.first else { return }
    let stream = Array(bytes.dropFirst())
    let whole = frames(of: stream, piece: max(1, stream.count))
    let cut = frames(of: stream, piece: Int(first) + 1)
    require(whole.frames == cut.frames && whole.isRefused == cut.isRefused, "pieces must not matter")
  }

  private static func frames(of stream: [UInt8], piece: Int) -> (frames: [[UInt8]], isRefused: Bool) {
    var splitter = FrameSplitter(maximum: 1500)
    var frames: [[UInt8]] = []
    var offset = 0
    while offset < stream.count {
      let bytes = Array(stream[offset..<min(stream.count, offset + piece)])
      offset += piece
      do {
        try splitter.push(bytes.rawSpan) { frames.append($0.toArray()) }
      } catch {
        return (frames, true)
      }
    }
    return (frames, false)
  }

  public static let socketAddress = FuzzEntry(
    name: "SocketAddress",
    seeds: [
      "ipv4": Array("192.0.2.1:7882".utf8), "ipv6": Array("[2001:db8::1]:7882".utf8),
      "mapped": Array("[::ffff:192.0.2.1]:1".utf8), "full": Array("[1:2:3:4:5:6:7:8]:65535".utf8),
    ]
  ) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    if let address = SocketAddress(text) {
      require(SocketAddress(address.description) == address, "an address must read what it writes")
    }
    if let address = SocketAddress(host: text, port: 1) {
      require(SocketAddress(host: address.host, port: 1) == address)
    }
  }
}
