// Builds STUN messages (RFC 8489). Off the packet path: it makes an array.

import Bytes

/// A message under construction: attributes in the order of the calls, then `finish`.
public struct STUNBuilder: Sendable {
  private var writer: ByteWriter
  private let transactionID: STUNTransactionID

  public init(_ messageClass: STUNClass, method: UInt16 = STUNMethod.binding, transactionID: STUNTransactionID) {
    self.transactionID = transactionID
    writer = ByteWriter(capacity: 128)
    let classBits: UInt16 =
      switch messageClass {
      case .request: 0x0000
      case .indication: 0x0010
      case .success: 0x0100
      case .error: 0x0110
      }
    writer.uint16(method & 0x00F | (method & 0x070) << 1 | (method & 0xF80) << 2 | classBits)
    writer.uint16(0)
    writer.uint32(STUNLayout.magicCookie)
    writer.uint32(transactionID.high)
    writer.uint64(transactionID.low)
  }

  /// Any attribute by its type; the value is padded to whole words.
  public mutating func attribute(_ type: UInt16, _ value: some Collection<UInt8>) {
    precondition(value.count <= 0xFFFF, "attribute longer than its length field")
    writer.uint16(type)
    writer.uint16(UInt16(value.count))
    writer.append(value)
    writer.pad(to: 4)
  }

  /// USERNAME, for ICE `receiver's fragment:sender's fragment`.
  public mutating func username(_ text: String) { attribute(STUNAttribute.username, text.utf8) }

  public mutating func software(_ text: String) { attribute(STUNAttribute.software, text.utf8) }

  public mutating func priority(_ value: UInt32) {
    writer.uint16(STUNAttribute.priority)
    writer.uint16(4)
    writer.uint32(value)
  }

  public mutating func useCandidate() { attribute(STUNAttribute.useCandidate, []) }

  public mutating func role(_ claim: ICERoleClaim) {
    switch claim {
    case .controlling(let tieBreaker):
      writer.uint16(STUNAttribute.iceControlling)
      writer.uint16(8)
      writer.uint64(tieBreaker)
    case .controlled(let tieBreaker):
      writer.uint16(STUNAttribute.iceControlled)
      writer.uint16(8)
      writer.uint64(tieBreaker)
    }
  }

  /// XOR-MAPPED-ADDRESS (§14.2).
  public mutating func xorMappedAddress(_ address: SocketAddress) {
    writer.uint16(STUNAttribute.xorMappedAddress)
    writer.uint16(address.isIPv4 ? 8 : 20)
    writer.uint8(0)
    writer.uint8(address.isIPv4 ? 1 : 2)
    writer.uint16(address.port ^ UInt16(STUNLayout.magicCookie >> 16))
    if let v4 = address.v4 {
      writer.uint32(v4 ^ STUNLayout.magicCookie)
    } else {
      writer.uint64(address.high ^ (UInt64(STUNLayout.magicCookie) << 32 | UInt64(transactionID.high)))
      writer.uint64(address.low ^ transactionID.low)
    }
  }

  /// ERROR-CODE (§14.8).
  ///
  /// - Parameter code: 300…699.
  public mutating func errorCode(_ code: UInt16, reason: String) {
    precondition((300...699).contains(code), "STUN error codes are 300 to 699")
    attribute(STUNAttribute.errorCode, [0, 0, UInt8(code / 100), UInt8(code % 100)] + Array(reason.utf8))
  }

  /// UNKNOWN-ATTRIBUTES (§14.9), for an error 420.
  public mutating func unknownAttributes(_ types: [UInt16]) {
    attribute(
      STUNAttribute.unknownAttributes, types.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8($0 & 0xFF)] })
  }

  /// The whole message with MESSAGE-INTEGRITY, if an HMAC is given, and FINGERPRINT.
  ///
  /// - Parameter hmac: HMAC-SHA1 with the password as its key: 20 bytes.
  public consuming func finish(hmac: ((RawSpan) -> [UInt8])? = nil) -> [UInt8] {
    if let hmac {
      patchLength(adding: 4 + STUNLayout.integrityByteCount)
      let code = hmac(writer.bytes.rawSpan)
      precondition(code.count == STUNLayout.integrityByteCount, "HMAC-SHA1 has 20 bytes")
      attribute(STUNAttribute.messageIntegrity, code)
    }
    patchLength(adding: 8)
    let checksum = CRC32.checksum(writer.bytes.rawSpan)
    writer.uint16(STUNAttribute.fingerprint)
    writer.uint16(4)
    writer.uint32(checksum ^ STUNLayout.fingerprintMask)
    return writer.bytes
  }

  /// Both codes cover a header whose length already counts their own attribute (§14.5, §14.7).
  private mutating func patchLength(adding count: Int) {
    writer.patch16(UInt16(writer.count - STUNLayout.headerByteCount + count), at: 2)
  }
}
