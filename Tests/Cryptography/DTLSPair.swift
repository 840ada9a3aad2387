// Two DTLS sessions and the network between them, under a clock of our own.

import Bytes
import Chronology
import Cryptography
import MediaContract
import Randomness
import Testing

/// Certificates take a millisecond to make: the suite shares two.
enum Certificates {
  static let client = try! Certificate.selfSigned(at: WallTime(milliseconds: 1_700_000_000_000))
  static let server = try! Certificate.selfSigned(at: WallTime(milliseconds: 1_700_000_000_000))
}

struct DTLSPair: ~Copyable {
  var client: DTLSSession
  var server: DTLSSession
  var now = Instant.origin
  /// Datagrams on their way, with the time of their arrival.
  private var flying: [(arrival: Instant, toServer: Bool, bytes: [UInt8])] = []
  /// Every datagram that was sent, in order.
  private(set) var sent: [(fromClient: Bool, bytes: [UInt8])] = []

  static let latency = Interval.milliseconds(20)

  init(
    client clientCertificate: Certificate = Certificates.client,
    server serverCertificate: Certificate = Certificates.server,
    expectedByClient: Fingerprint? = nil, expectedByServer: Fingerprint? = nil
  ) {
    let clientContext = DTLSContext(certificate: clientCertificate)
    let serverContext = DTLSContext(certificate: serverCertificate)
    client = DTLSSession(
      context: clientContext, role: .client, fingerprint: expectedByClient ?? serverCertificate.fingerprint)
    server = DTLSSession(
      context: serverContext, role: .server, fingerprint: expectedByServer ?? clientCertificate.fingerprint)
    client.start(at: .origin)
  }

  /// Runs until nothing is left to do or `limit` has passed. `isLost` decides about each datagram.
  mutating func run(for limit: Interval = .seconds(30), isLost: (_ fromClient: Bool) -> Bool = { _ in false }) {
    let end = now + limit
    while true {
      depart(isLost)
      let deadlines = [client.nextDeadline, server.nextDeadline].compactMap { $0 } + flying.map { $0.arrival }
      guard let next = deadlines.min(), next <= end else { return }
      now = max(now, next)
      client.advance(to: now)
      server.advance(to: now)
      for datagram in flying where datagram.arrival <= now {
        if datagram.toServer {
          server.receive(datagram.bytes.rawSpan, at: now)
        } else {
          client.receive(datagram.bytes.rawSpan, at: now)
        }
      }
      flying.removeAll { $0.arrival <= now }
    }
  }

  private mutating func depart(_ isLost: (Bool) -> Bool) {
    while let bytes = client.nextDatagram() { fly(bytes, fromClient: true, isLost) }
    while let bytes = server.nextDatagram() { fly(bytes, fromClient: false, isLost) }
  }

  private mutating func fly(_ bytes: [UInt8], fromClient: Bool, _ isLost: (Bool) -> Bool) {
    sent.append((fromClient, bytes))
    if !isLost(fromClient) { flying.append((now + Self.latency, fromClient, bytes)) }
  }
}

extension DTLSSession.State {
  var isConnected: Bool { if case .connected = self { true } else { false } }
}
