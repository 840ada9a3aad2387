// The wire format, clause by clause: what peers may send beyond what our own encoder writes.

import LiveKitProtocol
import Testing

@Suite struct ProtobufDecodingTests {
  @Test func `unknown fields of every wire type are left out`() throws {
    // 100 varint, 101 fixed64, 102 bytes, 103 group with a varint in it, 104 fixed32; then field 1.
    let hex = "a00601a9060102030405060708b20602ffffbb06080abc06c506010203040a0141"
    let bytes = try #require(parsed(hexadecimal: hex))
    #expect(try MuteTrackRequest(protobuf: bytes) == .with { $0.sid = "A" })
  }

  @Test func `a field of an unexpected wire type is left out`() throws {
    // Field 1 of MuteTrackRequest is a string; here it is a varint.
    #expect(try MuteTrackRequest(protobuf: [0x08, 0x05, 0x10, 0x01]) == .with { $0.muted = true })
  }

  @Test func `fields may come in any order and the last scalar wins`() throws {
    #expect(
      try MuteTrackRequest(protobuf: [0x10, 1, 0x0A, 1, 0x41, 0x10, 0, 0x0A, 1, 0x42]) == .with { $0.sid = "B" })
  }

  @Test func `a message field that comes twice is merged`() throws {
    let first = JoinResponse.with { $0.room = .with { $0.sid = "RM_1" } }
    let second = JoinResponse.with { $0.room = .with { $0.name = "lobby" } }
    let merged = try JoinResponse(protobuf: first.protobuf + second.protobuf)
    #expect(
      merged.room
        == .with {
          $0.sid = "RM_1"; $0.name = "lobby"
        })
  }

  @Test func `of a oneof the last member wins`() throws {
    let offer = SignalRequest.with { $0.message = .offer(.with { $0.sdp = "v=0" }) }
    let ping = SignalRequest.with { $0.message = .ping(5) }
    #expect(try SignalRequest(protobuf: offer.protobuf + ping.protobuf) == ping)
    #expect(try SignalRequest(protobuf: ping.protobuf + offer.protobuf) == offer)
  }

  @Test func `repeated numbers are taken packed and unpacked`() throws {
    let expected = UpdateLocalAudioTrack.with { $0.features = [.noDtx, .preconnectBuffer] }
    #expect(try UpdateLocalAudioTrack(protobuf: [0x12, 2, 1, 6]) == expected)
    #expect(try UpdateLocalAudioTrack(protobuf: [0x10, 1, 0x10, 6]) == expected)
  }

  @Test func `a map entry may lack its key or its value`() throws {
    // Field 4 of SessionDescription: an empty entry, then only a key.
    let description = try SessionDescription(protobuf: [0x22, 0, 0x22, 3, 0x0A, 1, 0x30])
    #expect(description.midToTrackId == ["": "", "0": ""])
  }

  @Test func `negative and unknown enum values survive`() throws {
    let leave = LeaveRequest.with {
      $0.reason = DisconnectReason(rawValue: -3)
      $0.action = LeaveRequest.Action(rawValue: 900)
    }
    #expect(try LeaveRequest(protobuf: leave.protobuf) == leave)
  }

  @Test func `a request of a later protocol is an empty one`() throws {
    #expect(try SignalRequest(protobuf: [0xFA, 0x07, 0]).message == nil)
  }

  @Test(arguments: [
    ("0a", ProtobufError.truncated),  // tag without length
    ("0a05414243", .truncated),  // string beyond the end
    ("10", .truncated),  // tag without value
    ("1080", .truncated),  // varint that goes on
    ("10ffffffffffffffffff02", .malformed),  // 65 bits
    ("10ffffffffffffffffffff01", .malformed),  // eleven bytes
    ("00", .malformed),  // field number zero
    ("0f", .malformed),  // wire type 7
    ("0c", .malformed),  // end of a group that never began
    ("bb06", .malformed),  // a group that never ends
    ("bd0601", .truncated),  // half a fixed32
    ("0a02c328", .invalidUTF8),
  ])
  func `broken bytes are refused`(hex: String, expected: ProtobufError) throws {
    let bytes = try #require(parsed(hexadecimal: hex))
    #expect(throws: expected) { try MuteTrackRequest(protobuf: bytes) }
  }

  @Test func `a length inside a message cannot reach beyond it`() {
    // JoinResponse.room of two bytes, in which a string claims five; more bytes follow outside.
    #expect(throws: ProtobufError.truncated) {
      try JoinResponse(protobuf: [0x0A, 2, 0x0A, 5, 0x41, 0x41, 0x41, 0x41, 0x41])
    }
  }

  @Test func `nested groups are skipped, however deep`() throws {
    let opened = Array(repeatElement([0xBB, 0x06] as [UInt8], count: 100_000).joined())
    let closed = Array(repeatElement([0xBC, 0x06] as [UInt8], count: 100_000).joined())
    #expect(try MuteTrackRequest(protobuf: opened + closed) == MuteTrackRequest())
  }

  @Test func `nesting beyond the limit is refused`() throws {
    func nested(_ depth: Int) -> Nest { depth == 0 ? Nest() : .with { $0.inner = [nested(depth - 1)] } }
    let deepest = nested(ProtobufLimit.depth)
    #expect(try Nest(protobuf: deepest.protobuf) == deepest)
    #expect(throws: ProtobufError.tooDeep) { try Nest(protobuf: nested(ProtobufLimit.depth + 1).protobuf) }
  }

  @Test func `more elements than the limit are refused`() {
    let empty: [UInt8] = [0x22, 0]  // ParticipantInfo.tracks
    let most = Array(repeatElement(empty, count: ProtobufLimit.elements).joined())
    #expect(throws: Never.self) { try ParticipantInfo(protobuf: most) }
    #expect(throws: ProtobufError.tooManyElements) { try ParticipantInfo(protobuf: most + empty) }
  }
}

/// No message of LiveKit contains itself; this one tests the limit that a later one may need.
private struct Nest: ProtobufMessage {
  var inner: [Nest] = []

  mutating func visit(_ fields: inout some FieldVisitor) { fields.field(1, "inner", &inner) }
}
