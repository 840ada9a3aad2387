// STUN messages (RFC 8489) as values. Authenticity is decided with an HMAC that the caller brings.

import Bytes

/// Which ICE role a peer claims, with the number that breaks a tie (RFC 8445 §7.1.3).
public enum ICERoleClaim: Sendable, Hashable {
  case controlling(tieBreaker: UInt64)
  case controlled(tieBreaker: UInt64)
}

/// A message that was parsed: which attributes it has, and where the variable ones stand. It borrows nothing.
///
/// When an attribute comes twice, the first counts (RFC 8489 §14). Attributes behind MESSAGE-INTEGRITY are not read,
/// except for FINGERPRINT (§14.5): nobody vouches for them.
public struct STUNMessage: Sendable, Hashable {
  public let messageClass: STUNClass
  /// 12 bits; `STUNMethod.binding` for ICE.
  public let method: UInt16
  public let transactionID: STUNTransactionID
  /// USERNAME's bytes in the packet.
  public private(set) var username: ByteRange?
  public private(set) var priority: UInt32?
  public private(set) var usesCandidate = false
  public private(set) var role: ICERoleClaim?
  /// The reflexive address; MAPPED-ADDRESS counts where there is no XOR-MAPPED-ADDRESS.
  public var mappedAddress: SocketAddress? { maskedAddress ?? plainAddress }
  private var maskedAddress: SocketAddress?
  private var plainAddress: SocketAddress?
  /// 300…699.
  public private(set) var errorCode: UInt16?
  /// MESSAGE-INTEGRITY's 20 bytes in the packet.
  public private(set) var integrity: ByteRange?
  /// FINGERPRINT's checksum: nil without one, else whether it is right.
  public private(set) var hasValidFingerprint: Bool?
  /// Types below 0x8000 that we do not know: a request with any is answered with error 420 (§6.3.1). At most
  /// `Limit.unknownAttributes`, the first ones.
  public private(set) var unknownAttributes: [UInt16] = []

  public enum Limit {
    /// Attributes that are looked at in one message: ICE sends eight. More is refused, for each costs work.
    public static let attributes = 32
    /// Unknown types that are remembered for the answer: enough to tell an honest peer what is wrong.
    public static let unknownAttributes = 8
    /// Bytes of USERNAME (RFC 8489 §14.3: less than 509).
    public static let usernameByteCount = 508
  }

  /// Reads `packet`, which must be exactly one message.
  ///
  /// - Throws: `.otherType` for anything without the magic cookie, `.truncated` when a length field disagrees with the
  ///   packet, `.malformed` for an attribute of a wrong length, `.tooMany` beyond the limits.
  public init(parsing packet: RawSpan) throws(WireError) {
    guard packet.byteCount >= STUNLayout.headerByteCount else { throw .truncated }
    let type = packet.uint16(at: 0)
    guard type & 0xC000 == 0, packet.uint32(at: 4) == STUNLayout.magicCookie else { throw .otherType }
    let length = Int(packet.uint16(at: 2))
    guard length & 3 == 0, STUNLayout.headerByteCount + length == packet.byteCount else { throw .truncated }
    // RFC 8489 §5: class bits 4 and 8 lie between the method's bits.
    switch type & 0x0110 {
    case 0x0000: messageClass = .request
    case 0x0010: messageClass = .indication
    case 0x0100: messageClass = .success
    default: messageClass = .error
    }
    method = type & 0x000F | (type & 0x00E0) >> 1 | (type & 0x3E00) >> 2
    transactionID = STUNTransactionID(high: packet.uint32(at: 8), low: packet.uint64(at: 12))
    try readAttributes(of: packet)
  }

  private mutating func readAttributes(of packet: RawSpan) throws(WireError) {
    var at = STUNLayout.headerByteCount
    var count = 0
    while at < packet.byteCount {
      count += 1
      guard count <= Limit.attributes else { throw .tooMany }
      guard at + 4 <= packet.byteCount else { throw .truncated }
      let type = packet.uint16(at: at)
      let value = ByteRange(offset: at + 4, count: Int(packet.uint16(at: at + 2)))
      guard value.end <= packet.byteCount else { throw .truncated }
      if type == STUNAttribute.fingerprint {
        try readFingerprint(value, attributeOffset: at, of: packet)
      } else if integrity == nil {
        try read(type, value, of: packet)
      }
      // The whole message is a multiple of four, so the padding is inside it whenever the value is.
      at = value.offset + (value.count + 3) & ~3
    }
  }

  private mutating func read(_ type: UInt16, _ value: ByteRange, of packet: RawSpan) throws(WireError) {
    switch type {
    case STUNAttribute.username:
      guard value.count <= Limit.usernameByteCount else { throw .malformed }
      username = username ?? value
    case STUNAttribute.priority:
      guard value.count == 4 else { throw .malformed }
      priority = priority ?? packet.uint32(at: value.offset)
    case STUNAttribute.useCandidate:
      usesCandidate = true
    case STUNAttribute.iceControlling, STUNAttribute.iceControlled:
      guard value.count == 8 else { throw .malformed }
      let tieBreaker = packet.uint64(at: value.offset)
      role =
        role
        ?? (type == STUNAttribute.iceControlling
          ? .controlling(tieBreaker: tieBreaker) : .controlled(tieBreaker: tieBreaker))
    case STUNAttribute.xorMappedAddress:
      let address = try address(value, of: packet, isMasked: true)
      maskedAddress = maskedAddress ?? address
    case STUNAttribute.mappedAddress:
      let address = try address(value, of: packet, isMasked: false)
      plainAddress = plainAddress ?? address
    case STUNAttribute.errorCode:
      let code = try readErrorCode(value, of: packet)
      errorCode = errorCode ?? code
    case STUNAttribute.messageIntegrity:
      guard value.count == STUNLayout.integrityByteCount else { throw .malformed }
      integrity = value
    case STUNAttribute.realm, STUNAttribute.nonce, STUNAttribute.unknownAttributes,
      STUNAttribute.messageIntegritySHA256:
      // Known and of no use with ICE's short-term credentials; a peer may send them.
      break
    default:
      if type < 0x8000, unknownAttributes.count < Limit.unknownAttributes { unknownAttributes.append(type) }
    }
  }

  private mutating func readFingerprint(
    _ value: ByteRange, attributeOffset: Int, of packet: RawSpan
  ) throws(WireError) {
    // RFC 8489 §14.7: it is the last attribute.
    guard value.count == 4, value.end == packet.byteCount else { throw .malformed }
    let checksum = CRC32.checksum(packet.slice(0, attributeOffset))
    hasValidFingerprint = packet.uint32(at: value.offset) == checksum ^ STUNLayout.fingerprintMask
  }

  private func readErrorCode(_ value: ByteRange, of packet: RawSpan) throws(WireError) -> UInt16 {
    guard value.count >= 4 else { throw .malformed }
    let hundreds = UInt16(packet.byte(at: value.offset + 2) & 7)
    let rest = UInt16(packet.byte(at: value.offset + 3))
    guard (3...6).contains(hundreds), rest < 100 else { throw .malformed }
    return hundreds * 100 + rest
  }

  /// RFC 8489 §14.1 and §14.2: the masked form is XORed with the cookie and the transaction id.
  private func address(_ value: ByteRange, of packet: RawSpan, isMasked: Bool) throws(WireError) -> SocketAddress {
    guard value.count >= 8 else { throw .malformed }
    let cookie = isMasked ? STUNLayout.magicCookie : 0
    let port = packet.uint16(at: value.offset + 2) ^ UInt16(cookie >> 16)
    switch (packet.byte(at: value.offset + 1), value.count) {
    case (1, 8):
      return SocketAddress(v4: packet.uint32(at: value.offset + 4) ^ cookie, port: port)
    case (2, 20):
      let high = UInt64(cookie) << 32 | (isMasked ? UInt64(transactionID.high) : 0)
      let low = isMasked ? transactionID.low : 0
      return SocketAddress(
        high: packet.uint64(at: value.offset + 4) ^ high, low: packet.uint64(at: value.offset + 12) ^ low, port: port)
    default: throw .malformed
    }
  }
}

extension STUNMessage {
  /// Exactly the bytes that MESSAGE-INTEGRITY's HMAC covers: everything in front of the attribute, with the header's
  /// length as if the attribute were the last (RFC 8489 §14.5). Nil without the attribute.
  public func integrityInput(of packet: RawSpan) -> [UInt8]? {
    guard let integrity else { return nil }
    var input = packet.slice(0, integrity.offset - 4).toArray()
    let length = UInt16(truncatingIfNeeded: integrity.end - STUNLayout.headerByteCount)
    input[2] = UInt8(truncatingIfNeeded: length >> 8)
    input[3] = UInt8(truncatingIfNeeded: length)
    return input
  }

  /// Whether MESSAGE-INTEGRITY is there and right.
  ///
  /// - Parameter hmac: HMAC-SHA1 with the password as its key: 20 bytes. Compared in constant time.
  public func hasValidIntegrity(in packet: RawSpan, hmac: (RawSpan) -> [UInt8]) -> Bool {
    guard let integrity, let input = integrityInput(of: packet) else { return false }
    let expected = hmac(input.rawSpan)
    guard expected.count == STUNLayout.integrityByteCount else { return false }
    var difference: UInt8 = 0
    for index in 0..<expected.count { difference |= expected[index] ^ packet.byte(at: integrity.offset + index) }
    return difference == 0
  }

  /// The two halves of an ICE USERNAME, `receiver's fragment:sender's fragment` (RFC 8445 §7.2.2); nil without a colon
  /// or with bytes that are not ASCII.
  public func usernameFragments(in packet: RawSpan) -> (receiver: String, sender: String)? {
    guard let username else { return nil }
    let bytes = packet.slice(username).toArray()
    guard bytes.allSatisfy({ $0 < 0x80 }), let colon = bytes.firstIndex(of: 0x3A) else { return nil }
    return (
      String(decoding: bytes[..<colon], as: UTF8.self), String(decoding: bytes[(colon + 1)...], as: UTF8.self)
    )
  }
}
