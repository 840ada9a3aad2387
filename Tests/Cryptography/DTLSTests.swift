// DTLS handshakes: with and without loss, with the wrong certificate, with rubbish.

import Bytes
import Chronology
import Cryptography
import MediaContract
import Randomness
import TestSupport
import Testing

@Suite struct DTLSTests {
  @Test func `both roles agree on the preferred profile and on mirrored keys`() throws {
    var pair = DTLSPair()
    pair.run()
    #expect(pair.client.state == .connected(.aeadAES128GCM))
    #expect(pair.server.state == .connected(.aeadAES128GCM))
    let (clientKeys, serverKeys) = (pair.client.keys, pair.server.keys)
    let client = try #require(clientKeys)
    let server = try #require(serverKeys)
    #expect(client.local == server.remote)
    #expect(client.remote == server.local)
    #expect(client.local != client.remote)
  }

  @Test func `a handshake without loss takes two round trips and sends nothing twice`() {
    var pair = DTLSPair()
    pair.run()
    #expect(pair.now == .origin + DTLSPair.latency * 4)
    #expect(pair.sent.count <= 6)
  }

  @Test func `datagrams of the handshake fit the path`() {
    var pair = DTLSPair()
    pair.run()
    for datagram in pair.sent { #expect(datagram.bytes.count <= DTLSSession.Limit.datagramByteCount) }
  }

  @Test func `every single lost datagram is sent again`() {
    for lost in 0..<6 {
      var pair = DTLSPair()
      var count = 0
      pair.run { _ in
        defer { count += 1 }
        return count == lost
      }
      #expect(pair.client.state.isConnected, "datagram \(lost) lost")
      #expect(pair.server.state.isConnected, "datagram \(lost) lost")
    }
  }

  @Test func `handshakes survive three datagrams lost of ten`() {
    forEachSeed(60) { seed, random in
      var pair = DTLSPair()
      pair.run { _ in random.chance(0.3) }
      #expect(pair.client.state.isConnected, "seed \(seed)")
      #expect(pair.server.state.isConnected, "seed \(seed)")
    }
  }

  @Test func `a handshake that nobody answers ends`() {
    var pair = DTLSPair()
    pair.run { _ in true }
    #expect(pair.client.state == .failed(.timeout))
    #expect(pair.sent.count == 1 + DTLSSession.Limit.copies)
  }

  @Test func `retransmissions wait twice as long each time, up to a second`() {
    let context = DTLSContext(certificate: Certificates.client)
    var client = DTLSSession(
      context: context, role: .client, fingerprint: Certificates.server.fingerprint)
    client.start(at: .origin)
    var gaps: [Int64] = []
    var last = Instant.origin
    while client.nextDatagram() != nil {}
    while let deadline = client.nextDeadline, deadline < .origin + DTLSSession.Limit.handshake {
      client.advance(to: deadline)
      while client.nextDatagram() != nil {}
      gaps.append((deadline - last).milliseconds)
      last = deadline
    }
    #expect(gaps == [50, 100, 200, 400, 800] + [Int64](repeating: 1_000, count: 5))
  }

  @Test func `copies of a flight carry fresh record numbers`() {
    var pair = DTLSPair()
    pair.run { _ in true }
    let numbers = pair.sent.map { Array($0.bytes[3..<11]) }
    #expect(Set(numbers).count == numbers.count)
  }

  @Test func `the server refuses a client whose certificate is not the announced one`() {
    var pair = DTLSPair(expectedByServer: Certificates.server.fingerprint)
    pair.run()
    #expect(pair.server.state == .failed(.certificateMismatch))
    #expect(!pair.client.state.isConnected)
    #expect(pair.server.keys == nil)
  }

  @Test func `the client refuses a server whose certificate is not the announced one`() {
    var pair = DTLSPair(expectedByClient: Certificates.client.fingerprint)
    pair.run()
    #expect(pair.client.state == .failed(.certificateMismatch))
    #expect(!pair.server.state.isConnected)
  }

  @Test(arguments: [("md5", 16), ("sha-256", 20), ("", 0)])
  func `unusable fingerprints fail at once`(algorithm: String, count: Int) {
    let fingerprint = Fingerprint(algorithm: algorithm, digest: [UInt8](repeating: 0, count: count))
    let pair = DTLSPair(expectedByClient: fingerprint)
    #expect(pair.client.state == .failed(.unknownFingerprint))
  }

  @Test func `application messages arrive whole and in both directions`() {
    var pair = DTLSPair()
    pair.run()
    for count in [1, 100, DTLSSession.Limit.messageByteCount] {
      let message = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count)
      let sent = [pair.client.send(message.rawSpan, at: pair.now), pair.server.send(message.rawSpan, at: pair.now)]
      pair.run()
      let received = [pair.server.nextMessage(), pair.client.nextMessage()]
      #expect(sent == [true, true])
      #expect(received == [message, message])
    }
    let more = pair.server.nextMessage()
    #expect(more == nil)
  }

  @Test(arguments: [true, false])
  func `our records and OpenSSL's understand each other`(clientBegins: Bool) {
    // The client's own record layer is in charge at once; the server's once it has heard from the client.
    forEachSeed(20) { seed, random in
      var pair = DTLSPair()
      pair.run()
      for round in 0..<6 {
        let message = RandomPacket.bytes(Int.random(in: 1...1_200, using: &random), &random)
        var received: [UInt8]?
        if (round % 2 == 0) == clientBegins {
          _ = pair.client.send(message.rawSpan, at: pair.now)
          pair.run()
          received = pair.server.nextMessage()
        } else {
          _ = pair.server.send(message.rawSpan, at: pair.now)
          pair.run()
          received = pair.client.nextMessage()
        }
        #expect(received == message, "seed \(seed), round \(round)")
      }
    }
  }

  @Test func `a repeated or tampered record is passed over`() {
    var pair = DTLSPair()
    pair.run()
    let messages: [[UInt8]] = [[1], [2], [3]]
    let records = messages.map { message in
      _ = pair.client.send(message.rawSpan, at: pair.now)
      return pair.client.nextDatagram() ?? []
    }
    var tampered = records[1]
    tampered[tampered.count - 1] ^= 1
    for record in [records[0], records[0], tampered, records[1] + records[2]] {
      pair.server.receive(record.rawSpan, at: pair.now)
    }
    var received: [[UInt8]] = []
    while let message = pair.server.nextMessage() { received.append(message) }
    #expect(received == messages)
  }

  @Test func `no record number and no nonce is used twice`() {
    var pair = DTLSPair()
    pair.run()
    let message: [UInt8] = [1, 2, 3]
    for _ in 0..<20 {
      _ = pair.client.send(message.rawSpan, at: pair.now)
      _ = pair.server.send(message.rawSpan, at: pair.now)
      pair.run()
    }
    // Epoch 1: eight bytes of number, two of length, eight of nonce.
    for fromClient in [true, false] {
      let records = pair.sent.filter { $0.fromClient == fromClient && $0.bytes[0] == 23 && $0.bytes[4] == 1 }
      #expect(records.count == 20)
      #expect(Set(records.map { Array($0.bytes[3..<11]) }).count == 20)
      #expect(Set(records.map { Array($0.bytes[13..<21]) }).count == 20)
    }
  }

  @Test func `a message that fits no datagram is refused`() {
    var pair = DTLSPair()
    pair.run()
    let tooLong = [UInt8](repeating: 0, count: DTLSSession.Limit.messageByteCount + 1)
    let isSent = pair.client.send(tooLong.rawSpan, at: pair.now)
    #expect(!isSent)
  }

  @Test func `a goodbye closes both ends`() {
    var pair = DTLSPair()
    pair.run()
    pair.client.close(at: pair.now)
    pair.run()
    #expect(pair.client.state == .closed)
    #expect(pair.server.state == .closed)
  }

  @Test func `rubbish neither ends a handshake nor a connection`() {
    forEachSeed(100) { seed, random in
      var pair = DTLSPair()
      let rubbish = DTLSTests.rubbish(&random)
      pair.server.receive(rubbish.rawSpan, at: pair.now)
      pair.run()
      pair.client.receive(DTLSTests.rubbish(&random).rawSpan, at: pair.now)
      #expect(pair.server.state.isConnected, "seed \(seed)")
      #expect(pair.client.state.isConnected, "seed \(seed)")
    }
  }

  @Test func `damaged handshakes never trap`() {
    forEachSeed(100) { _, random in
      var pair = DTLSPair()
      for _ in 0..<3 {
        while var bytes = pair.client.nextDatagram() {
          bytes[Int.random(in: 13..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
          pair.server.receive(bytes.rawSpan, at: pair.now)
        }
        while var bytes = pair.server.nextDatagram() {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
          pair.client.receive(bytes.rawSpan, at: pair.now)
        }
      }
    }
  }

  @Test func `a handshake that is fed without end fails`() {
    var pair = DTLSPair()
    let record: [UInt8] = [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0]
    for _ in 0...DTLSSession.Limit.handshakeDatagrams { pair.server.receive(record.rawSpan, at: .origin) }
    #expect(pair.server.state != .handshaking)
  }

  /// Bytes that start like a DTLS record and are none that a peer of ours would send.
  private static func rubbish(_ random: inout Random) -> [UInt8] {
    let count = Int.random(in: 1...200, using: &random)
    var bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    bytes[0] = UInt8.random(in: 20...63, using: &random)
    return bytes
  }
}
