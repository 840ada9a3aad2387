// A client's transport, a server's transport and a network between them that loses, delays and rebinds.

import Bytes
import Chronology
import Connectivity
import Cryptography
import MediaContract
import Randomness
import Wire

enum Certificates {
  static let client = try! Certificate.selfSigned(at: WallTime(milliseconds: 1_700_000_000_000))
  static let server = try! Certificate.selfSigned(at: WallTime(milliseconds: 1_700_000_000_000))
}

enum Credentials {
  static let client = ICECredentials(usernameFragment: "clientFrag", password: "client-password-22-chars")
  static let server = ICECredentials(usernameFragment: "serverFrag", password: "server-password-22-chars")
}

/// One transport, reached through a class: expectations cannot hold what cannot be copied.
final class Endpoint {
  var transport: SecureTransport
  private(set) var states: [TransportState] = []
  private(set) var paths: Set<Path> = []
  private(set) var received: [[UInt8]] = []

  init(_ transport: consuming SecureTransport) { self.transport = transport }

  func receive(_ bytes: [UInt8], from path: Path, at time: Instant) -> Received {
    var packet = bytes
    var span = packet.mutableRawSpan
    let received = transport.receive(&span, byteCount: bytes.count, from: path, at: time)
    switch received {
    case .rtp(let count), .rtcp(let count): self.received.append(Array(packet.prefix(count)))
    case .messages: while let message = transport.nextMessage() { self.received.append(message) }
    case .nothing: break
    }
    note()
    return received
  }

  func advance(to time: Instant) {
    transport.advance(to: time)
    note()
  }

  func departures() -> [Departure] {
    var all: [Departure] = []
    while let departure = transport.nextDeparture() { all.append(departure) }
    return all
  }

  /// A sealed RTP packet.
  func media(sequence: UInt16, ssrc: UInt32 = 7) -> [UInt8] {
    var writer = ByteWriter()
    writer.uint16(0x8060)
    writer.uint16(sequence)
    writer.uint32(0)
    writer.uint32(ssrc)
    writer.append([1, 2, 3, 4])
    var bytes = writer.bytes + [UInt8](repeating: 0, count: transport.mediaOverhead)
    var span = bytes.mutableRawSpan
    let count = transport.seal(
      &span, headerByteCount: 12, byteCount: writer.count, ssrc: ssrc, index: UInt64(sequence))
    return Array(bytes.prefix(count))
  }

  func note() {
    while let event = transport.nextEvent() {
      switch event {
      case .state(let state): states.append(state)
      case .pathAdded(let path): paths.insert(path)
      case .pathRemoved(let path): paths.remove(path)
      case .pathSelected: break
      }
    }
  }
}

/// Both endpoints and the datagrams between them.
final class TransportPair {
  let client: Endpoint
  let server: Endpoint
  private(set) var now = Instant.origin
  /// The address that the server sees: a test changes it to play a NAT that forgot its binding.
  var clientPath = Path(SocketAddress(v4: 0x0A00_0001, port: 40_000))
  let serverPath = Path(SocketAddress(v4: 0xC000_0201, port: 7_882))
  /// Whether a datagram on its way is lost.
  var isLost: (_ fromClient: Bool) -> Bool = { _ in false }
  private var flying: [(arrival: Instant, toServer: Bool, departure: Departure)] = []
  private let clientContext = DTLSContext(certificate: Certificates.client)
  private let serverContext = DTLSContext(certificate: Certificates.server)

  static let latency = Interval.milliseconds(15)

  init(seed: UInt64 = 1) {
    client = Endpoint(
      SecureTransport(role: .controlling, local: Credentials.client, random: Random(seed: seed)))
    server = Endpoint(
      SecureTransport(role: .controlled, local: Credentials.server, random: Random(seed: seed + 1)))
  }

  /// Hands both descriptions over, the client being DTLS's client.
  func negotiate(
    clientRole: DTLSRole = .client, client: ICECredentials = Credentials.client,
    server: ICECredentials = Credentials.server
  ) {
    describeServer(server, clientRole: clientRole)
    describeClient(client, clientRole: clientRole)
  }

  func describeServer(_ credentials: ICECredentials = Credentials.server, clientRole: DTLSRole = .client) {
    client.transport.setRemote(
      credentials, fingerprint: Certificates.server.fingerprint, role: clientRole, context: clientContext, at: now)
    _ = client.transport.addCandidate(serverPath, at: now)
  }

  func describeClient(_ credentials: ICECredentials = Credentials.client, clientRole: DTLSRole = .client) {
    server.transport.setRemote(
      credentials, fingerprint: Certificates.client.fingerprint, role: clientRole == .client ? .server : .client,
      context: serverContext, at: now)
  }

  func run(for duration: Interval) {
    let end = now + duration
    while true {
      depart()
      let deadlines = [client.transport.nextDeadline, server.transport.nextDeadline].compactMap { $0 }
      guard let next = (deadlines + flying.map { $0.arrival }).min(), next <= end else { break }
      now = max(now, next)
      client.advance(to: now)
      server.advance(to: now)
      let arrived = flying.filter { $0.arrival <= now }
      flying.removeAll { $0.arrival <= now }
      for datagram in arrived {
        if datagram.toServer {
          _ = server.receive(datagram.departure.bytes, from: clientPath, at: now)
        } else if datagram.departure.path == clientPath {
          // What goes to a binding that is gone never arrives.
          _ = client.receive(datagram.departure.bytes, from: serverPath, at: now)
        }
      }
    }
    now = end
  }

  private func depart() {
    for departure in client.departures() where !isLost(true) {
      flying.append((now + Self.latency, true, departure))
    }
    for departure in server.departures() where !isLost(false) {
      flying.append((now + Self.latency, false, departure))
    }
  }
}
