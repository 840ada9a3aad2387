import Bytes
import Testing
import Wire

@Suite struct `Telling protocols apart` {
  @Test(arguments: [
    (UInt8(0), PacketKind.stun), (3, .stun), (4, .unknown), (16, .unknown), (19, .unknown), (20, .dtls), (63, .dtls),
    (64, .turnChannel), (79, .turnChannel), (80, .unknown), (127, .unknown), (128, .rtp), (191, .rtp),
    (192, .unknown), (255, .unknown),
  ])
  func `the first byte decides as in RFC 7983`(first: UInt8, kind: PacketKind) {
    let bytes: [UInt8] = [first, 0]
    let found = PacketKind(bytes.rawSpan)
    #expect(found == kind)
  }

  @Test(arguments: [
    (UInt8(63), PacketKind.rtp), (64, .rtcp), (72, .rtcp), (95, .rtcp), (96, .rtp), (127, .rtp), (0x80 | 63, .rtp),
    (200, .rtcp), (207, .rtcp), (223, .rtcp), (224, .rtp),
  ])
  func `payload types 64 to 95 are RTCP with and without the marker bit`(second: UInt8, kind: PacketKind) {
    let bytes: [UInt8] = [0x80, second]
    let found = PacketKind(bytes.rawSpan)
    #expect(found == kind)
  }

  @Test func `datagrams too short to tell are unknown`() {
    let none: [UInt8] = []
    let one: [UInt8] = [0x80]
    let found = [PacketKind(none.rawSpan), PacketKind(one.rawSpan)]
    #expect(found == [.unknown, .unknown])
  }
}
