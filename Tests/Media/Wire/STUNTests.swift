import Bytes
import Randomness
import TestSupport
import Testing
import Wire

/// The samples of RFC 5769 §2.1…2.3, with the password that they were made with.
private enum Sample {
  static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)
  static let request = hex(
    """
    00010058 2112a442 b7e7a701bc34d686fa87dfae
    80220010 5354554e207465737420636c69656e74
    00240004 6e0001ff
    80290008 932ff9b151263b36
    00060009 6576746a3a68367659202020
    00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
    80280004 e57a3bcf
    """)
  static let response4 = hex(
    """
    0101003c 2112a442 b7e7a701bc34d686fa87dfae
    8022000b 7465737420766563746f7220
    00200008 0001a147e112a643
    00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
    80280004 c07d4c96
    """)
  static let response6 = hex(
    """
    01010048 2112a442 b7e7a701bc34d686fa87dfae
    8022000b 7465737420766563746f7220
    00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
    00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
    80280004 c8fb0b4c
    """)
  static let transactionID = STUNTransactionID(high: 0xB7E7_A701, low: 0xBC34_D686_FA87_DFAE)
}

@Suite struct `STUN messages` {
  private func parse(_ bytes: [UInt8]) throws(WireError) -> STUNMessage { try STUNMessage(parsing: bytes.rawSpan) }

  private func isAuthentic(_ bytes: [UInt8], _ message: STUNMessage, _ password: [UInt8]) -> Bool {
    message.hasValidIntegrity(in: bytes.rawSpan) { hmacSHA1(key: password, $0.toArray()) }
  }

  @Test func `the sample request of RFC 5769 is read and authentic`() throws {
    let message = try parse(Sample.request)
    #expect(message.messageClass == .request && message.method == STUNMethod.binding)
    #expect(message.transactionID == Sample.transactionID)
    #expect(message.priority == 0x6E00_01FF)
    #expect(message.role == .controlled(tieBreaker: 0x932F_F9B1_5126_3B36))
    #expect(!message.usesCandidate)
    let fragments = message.usernameFragments(in: Sample.request.rawSpan)
    #expect(fragments?.receiver == "evtj" && fragments?.sender == "h6vY")
    #expect(message.hasValidFingerprint == true)
    #expect(message.unknownAttributes.isEmpty)
    #expect(isAuthentic(Sample.request, message, Sample.password))
  }

  @Test func `the sample responses of RFC 5769 carry their addresses`() throws {
    let four = try parse(Sample.response4)
    let six = try parse(Sample.response6)
    #expect(four.messageClass == .success)
    #expect(four.mappedAddress?.description == "192.0.2.1:32853")
    #expect(six.mappedAddress?.description == "[2001:db8:1234:5678:11:2233:4455:6677]:32853")
    #expect(four.hasValidFingerprint == true && six.hasValidFingerprint == true)
    #expect(isAuthentic(Sample.response4, four, Sample.password))
    #expect(isAuthentic(Sample.response6, six, Sample.password))
  }

  @Test func `a changed byte breaks integrity or fingerprint or the message`() throws {
    for index in Sample.request.indices {
      var bytes = Sample.request
      bytes[index] ^= 1
      guard let message = try? parse(bytes) else { continue }
      let isGood = message.hasValidFingerprint == true && isAuthentic(bytes, message, Sample.password)
      #expect(!isGood, "byte \(index)")
    }
  }

  @Test func `another password is refused`() throws {
    let message = try parse(Sample.request)
    #expect(!isAuthentic(Sample.request, message, Array("another".utf8)))
  }

  @Test func `a message without integrity is not authentic`() throws {
    let bytes = STUNBuilder(.request, transactionID: Sample.transactionID).finish()
    let message = try parse(bytes)
    #expect(!isAuthentic(bytes, message, []))
    #expect(message.integrity == nil && message.hasValidFingerprint == true)
  }

  @Test func `what was built is read back and authentic`() throws {
    try forEachSeed { seed, random in
      let id = STUNTransactionID(high: UInt32(truncatingIfNeeded: random.next()), low: random.next())
      let password = random.bytes(1 + Int(random.next() % 80))
      let address =
        random.chance(0.5)
        ? SocketAddress(v4: UInt32(truncatingIfNeeded: random.next()), port: UInt16(truncatingIfNeeded: random.next()))
        : SocketAddress(high: random.next() | 1, low: random.next(), port: UInt16(truncatingIfNeeded: random.next()))
      let messageClass: STUNClass = [.request, .indication, .success, .error][Int(random.next() % 4)]
      let role = ICERoleClaim.controlling(tieBreaker: random.next())
      var builder = STUNBuilder(messageClass, method: UInt16(random.next() & 0xFFF), transactionID: id)
      builder.username("a:b" + String(repeating: "c", count: Int(random.next() % 9)))
      builder.priority(77)
      builder.role(role)
      builder.useCandidate()
      builder.xorMappedAddress(address)
      builder.errorCode(487, reason: "Role Conflict")
      let bytes = builder.finish { hmacSHA1(key: password, $0.toArray()) }
      let message = try parse(bytes)
      #expect(message.messageClass == messageClass && message.transactionID == id, "seed \(seed)")
      #expect(message.mappedAddress == address && message.errorCode == 487, "seed \(seed)")
      #expect(message.role == role && message.usesCandidate && message.priority == 77, "seed \(seed)")
      #expect(message.hasValidFingerprint == true && isAuthentic(bytes, message, password), "seed \(seed)")
    }
  }

  @Test func `methods keep their twelve bits beside the class`() throws {
    for method in [UInt16(1), 0x7FF, 0xFFF, 0xA5A] {
      let message = try parse(STUNBuilder(.error, method: method, transactionID: Sample.transactionID).finish())
      #expect(message.method == method && message.messageClass == .error)
    }
  }

  @Test func `unknown attributes that must be understood are listed`() throws {
    var builder = STUNBuilder(.request, transactionID: Sample.transactionID)
    builder.attribute(0x7F00, [1, 2, 3])
    builder.attribute(0xFF00, [1])
    builder.attribute(0x0002, [])
    #expect(try parse(builder.finish()).unknownAttributes == [0x7F00, 0x0002])
  }

  @Test func `nothing behind integrity counts but the fingerprint`() throws {
    var builder = STUNBuilder(.request, transactionID: Sample.transactionID)
    builder.attribute(STUNAttribute.messageIntegrity, [UInt8](repeating: 0, count: 20))
    builder.useCandidate()
    builder.priority(1)
    let message = try parse(builder.finish())
    #expect(!message.usesCandidate && message.priority == nil && message.hasValidFingerprint == true)
  }

  @Test func `of two attributes of one type the first counts`() throws {
    var builder = STUNBuilder(.request, transactionID: Sample.transactionID)
    builder.priority(1)
    builder.priority(2)
    #expect(try parse(builder.finish()).priority == 1)
  }

  @Test func `an unmasked address counts where there is no masked one`() throws {
    var builder = STUNBuilder(.success, transactionID: Sample.transactionID)
    builder.attribute(STUNAttribute.mappedAddress, hex("0001 1234 c0000202"))
    #expect(try parse(builder.finish()).mappedAddress?.description == "192.0.2.2:4660")
    builder.xorMappedAddress(SocketAddress(v4: 0xC000_0201, port: 1))
    #expect(try parse(builder.finish()).mappedAddress?.description == "192.0.2.1:1")
  }

  @Test(arguments: [
    ("", WireError.truncated), ("00010000 2112a442 b7e7a701bc34d686fa87df", .truncated),
    ("00010000 2112a443 b7e7a701bc34d686fa87dfae", .otherType),
    ("40010000 2112a442 b7e7a701bc34d686fa87dfae", .otherType),
    ("00010004 2112a442 b7e7a701bc34d686fa87dfae", .truncated),
    ("00010002 2112a442 b7e7a701bc34d686fa87dfae 0000", .truncated),
    ("00010004 2112a442 b7e7a701bc34d686fa87dfae 00240004", .truncated),
    ("00010008 2112a442 b7e7a701bc34d686fa87dfae 00240003 00000000", .malformed),
    ("0101000c 2112a442 b7e7a701bc34d686fa87dfae 00200008 0003a147e112a643", .malformed),
    ("01110008 2112a442 b7e7a701bc34d686fa87dfae 00090004 00000464", .malformed),
    ("01110008 2112a442 b7e7a701bc34d686fa87dfae 00090004 00000200", .malformed),
    ("0001000c 2112a442 b7e7a701bc34d686fa87dfae 80280004 00000000 00250000", .malformed),
  ])
  func `damaged messages are refused with their reason`(text: String, error: WireError) {
    #expect(wireError { () throws(WireError) in _ = try parse(hex(text)) } == error)
  }

  @Test func `more attributes than the limit are refused`() throws {
    var builder = STUNBuilder(.request, transactionID: Sample.transactionID)
    for _ in 0..<STUNMessage.Limit.attributes - 1 { builder.attribute(0x8000, []) }
    #expect(throws: Never.self) { _ = try parse(builder.finish()) }
    builder.attribute(0x8000, [])
    #expect(throws: WireError.tooMany) { _ = try parse(builder.finish()) }
  }
}
