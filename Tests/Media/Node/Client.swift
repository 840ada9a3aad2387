// A client made by hand: ICE, DTLS and SRTP of its own, packets that a test describes, and everything that it got.

import Bytes
import Chronology
import Connectivity
import Cryptography
import DataChannels
import MediaContract
import Randomness
import Wire

/// A packet that a client got, decrypted.
struct ReceivedPacket {
  var header: RTPHeader
  var extensions: RTPExtensions
  var bytes: [UInt8]
  var at: Instant

  var payload: [UInt8] { Array(bytes[header.payload.offset..<header.payload.end]) }
}

final class Client {
  let id: TransportID
  let path: Path
  var transport: SecureTransport
  private let context = DTLSContext(certificate: TestCertificates.client)
  private(set) var states: [TransportState] = []
  var packets: [ReceivedPacket] = []
  /// Compound RTCP packets.
  var control: [[UInt8]] = []
  var association: SCTPAssociation?
  var dataEvents: [DataChannelEvent] = []
  /// By which this client marks what it sends and understands what it gets.
  var ids = HeaderExtensionIDs()
  /// Payload types that are taken to be RTX.
  var isNATRebound = false

  init(id: UInt64, port: UInt16) {
    self.id = TransportID(rawValue: id)
    path = Path(SocketAddress(v4: 0x0A00_0001, port: port))
    transport = SecureTransport(
      role: .controlling, local: ICECredentials(usernameFragment: "client\(id)", password: Self.password),
      random: Random(seed: id))
    ids.mid = 1
    ids.audioLevel = 2
    ids.rid = 3
    ids.repairedRid = 4
    ids.transportSequence = 5
    ids.absoluteSendTime = 6
    ids.dependencyDescriptor = 7
  }

  static let password = "a-password-of-22-chars"

  var parameters: TransportParameters {
    TransportParameters(id: id, localUsernameFragment: "server\(id.rawValue)", localPassword: Self.password)
  }

  func remoteParameters(maximumMessageSize: Int = 0) -> RemoteTransportParameters {
    RemoteTransportParameters(
      usernameFragment: "client\(id.rawValue)", password: Self.password,
      fingerprint: TestCertificates.client.fingerprint, role: .server, maximumMessageSize: maximumMessageSize,
      sctpPort: 5000, extensions: ids)
  }

  func describeServer(at time: Instant, serverPath: Path) {
    transport.setRemote(
      ICECredentials(usernameFragment: "server\(id.rawValue)", password: Self.password),
      fingerprint: TestCertificates.server.fingerprint, role: .client, context: context, at: time)
    _ = transport.addCandidate(serverPath, at: time)
  }

  /// Seals a clear RTP packet.
  func seal(_ packet: [UInt8], index: UInt64? = nil) -> [UInt8] {
    guard let header = try? RTPHeader(parsing: packet.rawSpan) else { return [] }
    var bytes = packet + [UInt8](repeating: 0, count: transport.mediaOverhead)
    var span = bytes.mutableRawSpan
    let count = transport.seal(
      &span, headerByteCount: header.headerByteCount, byteCount: packet.count, ssrc: header.ssrc,
      index: index ?? UInt64(header.sequenceNumber))
    return Array(bytes.prefix(count))
  }

  func sealControl(_ packet: [UInt8]) -> [UInt8] {
    var bytes = packet + [UInt8](repeating: 0, count: transport.controlOverhead)
    var span = bytes.mutableRawSpan
    let count = transport.sealControl(&span, byteCount: packet.count)
    return Array(bytes.prefix(count))
  }

  func receive(_ datagram: [UInt8], from server: Path, at time: Instant) {
    var bytes = datagram
    var span = bytes.mutableRawSpan
    switch transport.receive(&span, byteCount: datagram.count, from: server, at: time) {
    case .rtp(let count): keep(Array(bytes.prefix(count)), at: time)
    case .rtcp(let count): control.append(Array(bytes.prefix(count)))
    case .messages: while let message = transport.nextMessage() { association?.receive(message.rawSpan, at: time) }
    case .nothing: break
    }
    settle(at: time)
  }

  func advance(to time: Instant) {
    transport.advance(to: time)
    association?.advance(to: time)
    settle(at: time)
  }

  var nextDeadline: Instant? {
    [transport.nextDeadline, association?.nextDeadline].compactMap { $0 }.min()
  }

  func departures() -> [[UInt8]] {
    var all: [[UInt8]] = []
    while let departure = transport.nextDeparture() { all.append(departure.bytes) }
    return all
  }

  private func keep(_ bytes: [UInt8], at time: Instant) {
    guard let header = try? RTPHeader(parsing: bytes.rawSpan) else { return }
    let extensions = RTPExtensions(reading: bytes.rawSpan, header, ids: ids)
    packets.append(ReceivedPacket(header: header, extensions: extensions, bytes: bytes, at: time))
  }

  private func settle(at time: Instant) {
    while let event = transport.nextEvent() {
      if case .state(let state) = event {
        states.append(state)
        if state == .connected, association != nil { association?.connect(at: time) }
      }
    }
    while let event = association?.nextEvent() { dataEvents.append(event) }
    while let packet = association?.nextPacket(at: time) { _ = transport.send(packet.rawSpan, at: time) }
  }
}

enum TestCertificates {
  static let client = try! Certificate.selfSigned(at: WallTime(milliseconds: 1_700_000_000_000))
  static let server = try! Certificate.selfSigned(at: WallTime(milliseconds: 1_700_000_000_000))
}
