// Data packets on their way through the server.

import LiveKitProtocol
import Randomness
import TestSupport
import Testing

@Suite struct ForwardedTests {
  @Test func `every field of a data packet survives the envelope`() throws {
    try forEachSeed(200) { seed, random in
      let packet = RandomFiller.message(DataPacket.self, &random)
      let forwarded = try Forwarded<DataPacketEnvelope>(protobuf: packet.protobuf).protobuf
      #expect(try DataPacket(protobuf: forwarded) == packet, "seed \(seed)")
    }
  }

  @Test func `a value passes byte for byte`() throws {
    // A chunk with its fields in an order and a form that no encoder here would write.
    let chunk: [UInt8] = [0x1A, 1, 0x58, 0x0A, 0x81, 0x00, 0x41, 0xFA, 0x07, 0]
    let packet = Forwarded(DataPacketEnvelope.with { $0.value = .init(.streamChunk, chunk) })
    let forwarded = try Forwarded<DataPacketEnvelope>(protobuf: packet.protobuf)
    #expect(forwarded.message.value?.payload == chunk)
    #expect(forwarded.protobuf == packet.protobuf)
  }

  @Test func `unknown fields pass byte for byte`() throws {
    let unknown: [UInt8] = [0xBA, 0x06, 3, 1, 2, 3, 0xBB, 0x06, 0x08, 0x01, 0xBC, 0x06]
    let known = DataPacket.with { $0.sequence = 7 }.protobuf
    var forwarded = try Forwarded<DataPacketEnvelope>(protobuf: unknown + known)
    forwarded.message.sequence = 8
    #expect(forwarded.protobuf == DataPacket.with { $0.sequence = 8 }.protobuf + unknown)
  }

  @Test func `the server's sender replaces a forged one`() throws {
    let forged = DataPacket.with {
      $0.participantSid = "PA_victim"
      $0.participantIdentity = "victim"
      $0.sequence = 3
      $0.value = .rpcAck(.with { $0.requestId = "1" })
    }
    var packet = try Forwarded<DataPacketEnvelope>(protobuf: forged.protobuf + forged.protobuf)
    packet.message.participantSid = "PA_sender"
    packet.message.participantIdentity = "sender"
    let read = try DataPacket(protobuf: packet.protobuf)
    #expect(read.participantSid == "PA_sender")
    #expect(read.participantIdentity == "sender")
    #expect(read.sequence == 3)
    #expect(read.value == forged.value)
  }

  @Test func `a packet with two values keeps the last one only`() throws {
    let first = DataPacket.with { $0.value = .transcription(.with { $0.trackId = "TR_1" }) }
    let second = DataPacket.with { $0.value = .user(.with { $0.payload = [1] }) }
    let packet = try Forwarded<DataPacketEnvelope>(protobuf: first.protobuf + second.protobuf)
    #expect(packet.message.value?.field == .user)
    #expect(packet.protobuf == second.protobuf)
  }

  @Test func `a user packet can be changed inside its envelope`() throws {
    let unknown: [UInt8] = [0xBA, 0x06, 1, 9]
    let user =
      UserPacket.with {
        $0.payload = [1, 2]; $0.participantSid = "forged"
      }.protobuf + unknown
    var packet = DataPacketEnvelope.with { $0.value = .init(.user, user) }
    var inner = try Forwarded<UserPacket>(protobuf: try #require(packet.value).payload)
    inner.message.participantSid = "PA_1"
    packet.value?.payload = inner.protobuf
    #expect(
      try packet.value?.decoded(as: UserPacket.self)
        == .with {
          $0.payload = [1, 2]; $0.participantSid = "PA_1"
        })
    #expect(packet.value?.payload.suffix(4) == unknown[...])
  }

  @Test func `a damaged packet is read or refused`() {
    forEachSeed(300) { _, random in
      var bytes = RandomFiller.message(DataPacket.self, &random).protobuf
      guard !bytes.isEmpty else { return }
      bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      if let packet = try? Forwarded<DataPacketEnvelope>(protobuf: bytes) { _ = packet.protobuf }
    }
  }
}
