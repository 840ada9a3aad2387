// A client and the server, from the first check to media, and what may go wrong between them.

import Bytes
import Chronology
import Connectivity
import Cryptography
import MediaContract
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct SecureTransportTests {
  @Test(arguments: [DTLSRole.client, .server])
  func `both ends connect, whichever begins the handshake`(clientRole: DTLSRole) {
    let pair = TransportPair()
    pair.negotiate(clientRole: clientRole)
    pair.run(for: .seconds(1))
    #expect(pair.client.states == [.connecting, .connected])
    #expect(pair.server.states == [.connecting, .connected])
    #expect(pair.server.paths == [pair.clientPath])
    #expect(pair.server.transport.selectedPath == pair.clientPath)
  }

  @Test func `media and data flow once connected`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(1))
    let sealed = pair.client.media(sequence: 5)
    #expect(pair.server.receive(sealed, from: pair.clientPath, at: pair.now) == .rtp(byteCount: 16))
    #expect(pair.server.received.last?.suffix(4) == [1, 2, 3, 4])
    let message: [UInt8] = [9, 8, 7]
    let isSent = pair.server.transport.send(message.rawSpan, at: pair.now)
    #expect(isSent)
    pair.run(for: .milliseconds(100))
    #expect(pair.client.received == [message])
  }

  @Test func `three datagrams lost of ten do not keep a client out`() {
    forEachSeed(40) { seed, random in
      let pair = TransportPair(seed: seed)
      var network = random
      pair.isLost = { _ in network.chance(0.3) }
      pair.negotiate()
      pair.run(for: .seconds(12))
      #expect(pair.client.states.contains(.connected), "seed \(seed)")
      #expect(pair.server.states.contains(.connected), "seed \(seed)")
    }
  }

  @Test func `a handshake that begins before the description arrives is not lost`() {
    let pair = TransportPair()
    pair.describeServer()
    // Check, answer, first flight: three times the latency.
    pair.run(for: TransportPair.latency * 3 + .milliseconds(1))
    pair.describeClient()
    // Had the first flight been lost, the client would repeat it only now and then.
    pair.run(for: TransportPair.latency * 3)
    #expect(pair.client.states.last == .connected)
  }

  @Test func `a handshake from a path that no check proved is dropped`() {
    let pair = TransportPair()
    pair.describeClient()
    let hello: [UInt8] = [22, 0xFE, 0xFD] + [UInt8](repeating: 0, count: 60)
    #expect(pair.server.receive(hello, from: pair.clientPath, at: pair.now) == .nothing)
    #expect(pair.server.transport.counters.unvalidated == 1)
    #expect(pair.server.departures().isEmpty)
  }

  @Test func `media from a path that no check proved is dropped`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(1))
    let stranger = Path(SocketAddress(v4: 0x0A00_0002, port: 1))
    #expect(pair.server.receive(pair.client.media(sequence: 5), from: stranger, at: pair.now) == .nothing)
    #expect(pair.server.transport.counters.unvalidated == 1)
    #expect(pair.server.receive(pair.client.media(sequence: 5), from: pair.clientPath, at: pair.now) != .nothing)
  }

  @Test func `refused media is counted by its reason`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(1))
    let sealed = pair.client.media(sequence: 5)
    var tampered = pair.client.media(sequence: 6)
    tampered[14] ^= 1
    for packet in [sealed, sealed, tampered, [0x80, 0x60, 0]] {
      _ = pair.server.receive(packet, from: pair.clientPath, at: pair.now)
    }
    var expected = SecureTransportCounters()
    expected.replayed = 1
    expected.unauthentic = 1
    expected.malformed = 1
    #expect(pair.server.transport.counters == expected)
  }

  @Test func `a client that falls silent is disconnected after 10 s and failed after 15 s`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(1))
    pair.isLost = { _ in true }
    pair.run(for: .milliseconds(7_900))
    #expect(pair.server.states.last == .connected)
    pair.run(for: .seconds(3))
    #expect(pair.server.states.last == .disconnected)
    pair.run(for: .seconds(5))
    #expect(pair.server.states.last == .failed)
    #expect(pair.client.states.last == .failed)
  }

  @Test func `a client that comes back is connected again`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(1))
    pair.isLost = { _ in true }
    pair.run(for: .seconds(11))
    pair.isLost = { _ in false }
    pair.run(for: .seconds(3))
    #expect(pair.server.states == [.connecting, .connected, .disconnected, .connected])
    #expect(pair.client.states.last == .connected)
  }

  @Test func `a connection without loss never wavers`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(600))
    #expect(pair.server.states == [.connecting, .connected])
    #expect(pair.client.states == [.connecting, .connected])
  }

  @Test func `a new address of the client is used as soon as a check comes from it`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(5))
    let old = pair.clientPath
    pair.clientPath = Path(SocketAddress(v4: 0x0A00_0001, port: 51_111))
    pair.run(for: .seconds(5))
    #expect(pair.server.transport.selectedPath == pair.clientPath)
    #expect(pair.server.states == [.connecting, .connected])
    // The old binding is honoured until it has been quiet for long.
    #expect(pair.server.paths == [old, pair.clientPath])
    pair.run(for: .seconds(40))
    #expect(pair.server.paths == [pair.clientPath])
  }

  @Test func `an ICE restart goes over to new credentials without a break`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(5))
    let client = ICECredentials(usernameFragment: "clientTwo", password: "another-client-password")
    let server = ICECredentials(usernameFragment: "serverTwo", password: "another-server-password")
    pair.server.transport.restartICE(local: server)
    // Checks with the old credentials still count.
    pair.run(for: .seconds(12))
    #expect(pair.server.states.last == .connected)
    pair.client.transport.restartICE(local: client)
    pair.negotiate(client: client, server: server)
    pair.run(for: .seconds(30))
    #expect(pair.server.states == [.connecting, .connected])
    #expect(pair.client.states == [.connecting, .connected])
    #expect(pair.server.receive(pair.client.media(sequence: 9), from: pair.clientPath, at: pair.now) != .nothing)
  }

  @Test func `a client with another certificate than the announced one is refused`() {
    let pair = TransportPair()
    let context = DTLSContext(certificate: Certificates.server)
    pair.describeServer()
    pair.server.transport.setRemote(
      Credentials.client, fingerprint: Certificates.server.fingerprint, role: .server, context: context, at: pair.now)
    pair.run(for: .seconds(1))
    #expect(pair.server.states.last == .failed)
    #expect(pair.server.transport.isSecure == false)
  }

  @Test func `a goodbye is heard at once`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(1))
    pair.client.transport.close(at: pair.now)
    pair.run(for: .milliseconds(20))
    #expect(pair.server.states.last == .failed)
  }

  @Test func `an idle transport asks for time only when consent may end`() {
    let pair = TransportPair()
    pair.negotiate()
    pair.run(for: .seconds(1))
    let wait = (pair.server.transport.nextDeadline ?? .origin) - pair.now
    #expect(wait > .seconds(8))
  }

  @Test func `random datagrams never trap and change nothing`() {
    forEachSeed(20) { seed, random in
      let pair = TransportPair(seed: seed)
      pair.negotiate()
      pair.run(for: .seconds(1))
      for _ in 0..<50 {
        var bytes = (0..<Int.random(in: 0...150, using: &random)).map { _ in
          UInt8.random(in: .min ... .max, using: &random)
        }
        if !bytes.isEmpty, random.chance(0.7) { bytes[0] = [0, 1, 22, 23, 0x80, 0x90].randomElement(using: &random)! }
        if bytes.count > 8, random.chance(0.5) { bytes.replaceSubrange(4..<8, with: [0x21, 0x12, 0xA4, 0x42]) }
        #expect(pair.server.receive(bytes, from: pair.clientPath, at: pair.now) == .nothing)
      }
      #expect(pair.server.states == [.connecting, .connected], "seed \(seed)")
      #expect(pair.server.receive(pair.client.media(sequence: 1), from: pair.clientPath, at: pair.now) != .nothing)
    }
  }
}
