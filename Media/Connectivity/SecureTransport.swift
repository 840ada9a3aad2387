// One peer connection's way through the network: ICE decides where packets may come from and go to, DTLS agrees on keys
// and carries data, SRTP carries media. Everything that arrives is sorted here (RFC 7983).

import Bytes
import Chronology
import Cryptography
import MediaContract
import Randomness
import Wire

/// What a datagram turned out to be.
public enum Received: Sendable, Hashable {
  /// Nothing for the caller: ICE, a handshake, or something that was refused and counted.
  case nothing
  /// A clear RTP packet stands in the first `byteCount` bytes.
  case rtp(byteCount: Int)
  /// A clear compound RTCP packet stands in the first `byteCount` bytes.
  case rtcp(byteCount: Int)
  /// `nextMessage` has at least one SCTP packet.
  case messages
}

public enum SecureTransportEvent: Sendable, Hashable {
  /// Packets from this path belong here: put it into the `PathTable`.
  case pathAdded(Path)
  case pathRemoved(Path)
  case pathSelected(Path)
  case state(TransportState)
}

/// What was refused, for telemetry.
public struct SecureTransportCounters: Sendable, Hashable {
  /// Media and handshakes from paths that no check has proved.
  public var unvalidated: UInt64 = 0
  /// Media before there were keys.
  public var early: UInt64 = 0
  /// No packet of any protocol that we speak.
  public var unknown: UInt64 = 0
  public var malformed: UInt64 = 0
  public var replayed: UInt64 = 0
  public var unauthentic: UInt64 = 0

  public init() {}
}

/// ICE, DTLS and SRTP of one transport.
public struct SecureTransport: ~Copyable {
  /// Named limits.
  public enum Limit {
    /// Handshake datagrams that are kept until the description with the fingerprint arrives: a client may begin one
    /// signalling round trip before that. A ClientHello with a post-quantum key share takes two.
    public static let earlyDatagrams = 4
    /// Events that wait to be taken. The owner takes them after every call; more are ours to lose.
    public static let events = 64
  }

  public private(set) var state: TransportState?
  public private(set) var counters = SecureTransportCounters()
  /// Seals what leaves; nil until connected. Hot path: call it through `seal`.
  private var sealer: SRTPSealer?
  private var opener: SRTPOpener?
  private var ice: ICEAgent
  private var dtls: DTLSSession?
  /// What DTLS said last: copies of plain values, because an optional unique value cannot be looked into while `self` is
  /// only borrowed.
  private var dtlsState: DTLSSession.State?
  private var handshakeDeadline: Instant?
  /// By what media is sealed; nil until connected.
  public private(set) var profile: SRTPProfile?
  private var isHandshakeConfirmed = false
  private var dtlsRole = DTLSRole.server
  private var fingerprint: Fingerprint?
  private var early: [[UInt8]] = []
  private var events: [SecureTransportEvent] = []

  /// - Parameter random: For ICE. Seed it from `SecureRandom` outside of tests.
  public init(role: ICERole, local: ICECredentials, random: Random) {
    ice = ICEAgent(role: role, local: local, random: random)
  }

  /// The other side's description, or a later one: new credentials are an ICE restart, a new fingerprint or role is a
  /// new DTLS association (RFC 8842 §4).
  ///
  /// - Parameter role: Which DTLS role *we* play.
  public mutating func setRemote(
    _ credentials: ICECredentials, fingerprint: Fingerprint, role: DTLSRole, context: borrowing DTLSContext,
    at time: Instant
  ) {
    ice.setRemote(credentials, at: time)
    if dtls == nil || fingerprint != self.fingerprint || role != dtlsRole {
      self.fingerprint = fingerprint
      dtlsRole = role
      sealer = nil
      opener = nil
      profile = nil
      isHandshakeConfirmed = false
      dtls = DTLSSession(context: context, role: role, fingerprint: fingerprint)
      startHandshake(at: time)
      for datagram in early { dtls?.receive(datagram.rawSpan, at: time) }
      early.removeAll()
    }
    settle()
  }

  /// New local credentials for an ICE restart; the old ones are good until the new ones are used.
  public mutating func restartICE(local credentials: ICECredentials) { ice.restart(local: credentials) }

  /// Controlling role: an address of the server. False beyond `ICEAgent.Limit.paths`.
  public mutating func addCandidate(_ path: Path, at time: Instant) -> Bool { ice.addCandidate(path, at: time) }

  /// Takes the datagram in the first `byteCount` bytes of `packet`; media is decrypted in place.
  public mutating func receive(
    _ packet: inout MutableRawSpan, byteCount: Int, from path: Path, at time: Instant
  ) -> Received {
    guard byteCount > 0, byteCount <= packet.byteCount else { return .nothing }
    let kind = PacketKind(packet.bytes.slice(0, byteCount))
    switch kind {
    case .rtp, .rtcp: return receiveMedia(&packet, byteCount, isControl: kind == .rtcp, from: path)
    case .stun: receiveSTUN(packet.bytes.slice(0, byteCount), from: path, at: time)
    case .dtls: return receiveDTLS(packet.bytes.slice(0, byteCount), from: path, at: time)
    case .turnChannel, .unknown: counters.unknown &+= 1
    }
    return .nothing
  }

  /// The next SCTP packet that arrived.
  public mutating func nextMessage() -> [UInt8]? { dtls?.nextMessage() ?? nil }

  /// Sends one SCTP packet. False when not connected or when the queue is full.
  public mutating func send(_ message: RawSpan, at time: Instant) -> Bool { dtls?.send(message, at: time) ?? false }

  /// The next datagram of ICE or DTLS to send. Media does not pass through here.
  public mutating func nextDeparture() -> Departure? {
    if let departure = ice.nextDeparture() { return departure }
    guard let path = ice.selectedPath, let bytes = dtls?.nextDatagram() ?? nil else { return nil }
    return Departure(bytes: bytes, path: path)
  }

  public mutating func nextEvent() -> SecureTransportEvent? { events.isEmpty ? nil : events.removeFirst() }

  /// Where media goes; nil until a check was valid.
  public var selectedPath: Path? { ice.selectedPath }
  /// Of the last ICE check; controlling role only.
  public var roundTrip: Interval? { ice.roundTrip }
  /// STUN messages that were not for us or not authentic.
  public var refusedChecks: UInt64 { ice.refusedMessages }
  /// Whether there are keys to seal and open media with.
  public var isSecure: Bool { profile != nil }

  public var nextDeadline: Instant? {
    guard let consent = ice.nextDeadline else { return handshakeDeadline }
    return min(consent, handshakeDeadline ?? .distantFuture)
  }

  public mutating func advance(to time: Instant) {
    ice.advance(to: time)
    dtls?.advance(to: time)
    settle()
  }

  /// The driver's TCP connection is gone.
  public mutating func remove(_ path: Path) {
    ice.remove(path)
    settle()
  }

  /// Says goodbye over DTLS. Take the departures afterwards.
  public mutating func close(at time: Instant) {
    dtls?.close(at: time)
    settle()
  }

  // MARK: Media out

  /// Bytes that `seal` adds to a packet; 0 until connected.
  public var mediaOverhead: Int { profile?.mediaOverhead ?? 0 }
  /// Bytes that `sealControl` adds to a packet; 0 until connected.
  public var controlOverhead: Int { profile?.controlOverhead ?? 0 }

  /// `SRTPSealer.seal` in place. 0 until connected.
  @inline(__always)
  public mutating func seal(
    _ packet: inout MutableRawSpan, headerByteCount: Int, byteCount: Int, ssrc: UInt32, index: UInt64
  ) -> Int {
    sealer?.seal(&packet, headerByteCount: headerByteCount, byteCount: byteCount, ssrc: ssrc, index: index) ?? 0
  }

  /// `SRTPSealer.seal` with the payload elsewhere. 0 until connected.
  @inline(__always)
  public mutating func seal(
    _ packet: inout MutableRawSpan, headerByteCount: Int, payload: RawSpan, ssrc: UInt32, index: UInt64
  ) -> Int {
    sealer?.seal(&packet, headerByteCount: headerByteCount, payload: payload, ssrc: ssrc, index: index) ?? 0
  }

  /// `SRTPSealer.sealControl`. 0 until connected.
  public mutating func sealControl(_ packet: inout MutableRawSpan, byteCount: Int) -> Int {
    sealer?.sealControl(&packet, byteCount: byteCount) ?? 0
  }

  // MARK: In

  private mutating func receiveMedia(
    _ packet: inout MutableRawSpan, _ byteCount: Int, isControl: Bool, from path: Path
  ) -> Received {
    guard ice.isValid(path) else {
      counters.unvalidated &+= 1
      return .nothing
    }
    guard isSecure else {
      counters.early &+= 1
      return .nothing
    }
    do throws(SRTPError) {
      if isControl {
        guard let count = try opener?.openControl(&packet, byteCount: byteCount) else { return .nothing }
        confirmHandshake()
        return .rtcp(byteCount: count)
      }
      guard let count = try opener?.open(&packet, byteCount: byteCount) else { return .nothing }
      confirmHandshake()
      return .rtp(byteCount: count)
    } catch {
      switch error {
      case .malformed: counters.malformed &+= 1
      case .replayed: counters.replayed &+= 1
      case .unauthentic: counters.unauthentic &+= 1
      }
      return .nothing
    }
  }

  /// Whoever sends authentic media has finished the handshake: DTLS may let go of what it kept for retransmissions.
  @inline(__always)
  private mutating func confirmHandshake() {
    guard !isHandshakeConfirmed else { return }
    isHandshakeConfirmed = true
    dtls?.confirm()
  }

  private mutating func receiveSTUN(_ packet: RawSpan, from path: Path, at time: Instant) {
    ice.receive(packet, from: path, at: time)
    startHandshake(at: time)
    settle()
  }

  /// Handshakes come from validated paths only: an off-path ClientHello must not reach a session.
  private mutating func receiveDTLS(_ packet: RawSpan, from path: Path, at time: Instant) -> Received {
    guard ice.isValid(path) else {
      counters.unvalidated &+= 1
      return .nothing
    }
    guard dtls != nil else {
      if early.count < Limit.earlyDatagrams, packet.byteCount <= DTLSSession.Limit.receivedByteCount {
        early.append(packet.toArray())
      } else {
        counters.early &+= 1
      }
      return .nothing
    }
    dtls?.receive(packet, at: time)
    settle()
    return dtls?.hasMessages == true ? .messages : .nothing
  }

  // MARK: State

  /// A DTLS client begins as soon as there is a path; a server waits.
  private mutating func startHandshake(at time: Instant) {
    guard ice.selectedPath != nil else { return }
    dtls?.start(at: time)
  }

  /// Brings keys, events and state up to what ICE and DTLS say now.
  private mutating func settle() {
    dtlsState = dtls?.state
    handshakeDeadline = dtls?.nextDeadline ?? nil
    if !isSecure, let keys = dtls?.keys ?? nil {
      profile = keys.profile
      sealer = SRTPSealer(profile: keys.profile, key: keys.local)
      opener = SRTPOpener(profile: keys.profile, key: keys.remote)
    }
    while let event = ice.nextEvent() {
      switch event {
      case .pathAdded(let path): raise(.pathAdded(path))
      case .pathRemoved(let path): raise(.pathRemoved(path))
      case .pathSelected(let path): raise(.pathSelected(path))
      case .state: break  // Part of the state below.
      }
    }
    let next = currentState()
    guard next != state, let next else { return }
    state = next
    raise(.state(next))
  }

  private func currentState() -> TransportState? {
    switch dtlsState {
    case .failed, .closed: return .failed
    case .handshaking, .connected, nil: break
    }
    switch ice.state {
    case .new: return nil
    case .connected: return isSecure ? .connected : .connecting
    case .disconnected: return .disconnected
    case .failed: return .failed
    }
  }

  private mutating func raise(_ event: SecureTransportEvent) {
    if events.count < Limit.events { events.append(event) }
  }
}
