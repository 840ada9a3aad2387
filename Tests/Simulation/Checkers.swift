// What must hold at every moment. They look at what leaves the server, where sequence numbers and SSRCs can be read
// although the rest is encrypted, and at what clients make of what arrives.

import Bytes
import Chronology
import LiveKitProtocol
import MediaContract
import Node
import Wire

struct Checkers {
  /// A subscription as the shard was told of it.
  private struct Flow {
    var id: SubscriptionID
    var publication: PublicationID
    var transport: TransportID
    var isRetransmission: Bool
    var clockRate: Int64
    var isPaused: Bool
  }

  /// What left of one stream.
  private struct Sent {
    var highest: Int64
    var timestamp: UInt32
    var at: Instant
    /// Digests of sealed packets: a number may be sent again only as it was.
    var digests: [Int64: UInt64]
    var holes = 0
  }

  private struct Stream: Hashable {
    var transport: TransportID
    var ssrc: UInt32
  }

  enum Bound {
    /// Events that may wait in the simulation: datagrams of clogged lines above all.
    static let events = 60_000
    /// Numbers that one loss before the server may cost a subscriber at once.
    static let jump: Int64 = 1_000
  }

  private var owners: [TransportID: Session] = [:]
  private var publications: [PublicationID: PublicationParameters] = [:]
  private var flows: [Stream: Flow] = [:]
  /// Streams whose subscription ended, and when: what was sealed earlier in that turn may still leave with it.
  private var ended: [Stream: Instant] = [:]
  private var sent: [Stream: Sent] = [:]
  /// Reliable packets that the server accepted: the last of each sender, and what each receiver must get.
  private var lastAccepted: [String: UInt32] = [:]
  private var owed: [Int: [(sender: String, sequence: UInt32)]] = [:]
  private(set) var packetsSeen = 0

  // MARK: What the planes say to each other

  mutating func note(_ command: MediaCommand, in simulation: Simulation) {
    switch command {
    case .openTransport(let parameters):
      owners[parameters.id] = simulation.opening
      simulation.opening?.transports.append(parameters.id)
    case .closeTransport(let id):
      owners[id] = nil
      end(at: simulation.now) { stream, _ in stream.transport == id }
      sent = sent.filter { $0.key.transport != id }
    case .setPublication(let parameters): publications[parameters.id] = parameters
    case .setMuted(let id, let isMuted): publications[id]?.isMuted = isMuted
    case .removePublication(let id):
      publications[id] = nil
      end(at: simulation.now) { _, flow in flow.publication == id }
    case .setSubscription(let parameters): note(parameters)
    case .setTarget(let id, let target):
      for (stream, flow) in flows where flow.id == id { flows[stream]?.isPaused = target.isPaused }
    case .removeSubscription(let id): end(at: simulation.now) { _, flow in flow.id == id }
    default: break
    }
  }

  private mutating func end(at time: Instant, _ isOver: (Stream, Flow) -> Bool) {
    for (stream, flow) in flows where isOver(stream, flow) {
      flows[stream] = nil
      ended[stream] = time
    }
  }

  private mutating func note(_ parameters: SubscriptionParameters) {
    var flow = Flow(
      id: parameters.id, publication: parameters.publication, transport: parameters.transport,
      isRetransmission: false, clockRate: Int64(parameters.formats.first?.clockRate ?? 90_000),
      isPaused: parameters.target.isPaused)
    flows[Stream(transport: parameters.transport, ssrc: parameters.ssrc)] = flow
    flow.isRetransmission = true
    if let ssrc = parameters.rtxSSRC { flows[Stream(transport: parameters.transport, ssrc: ssrc)] = flow }
  }

  mutating func apply(_ change: PolicyChange, of session: Session) {
    switch change {
    case .audience(let audience): session.policy.audience = audience
    case .wish(let sid, let isWanted):
      if isWanted { session.policy.unwanted.remove(sid) } else { session.policy.unwanted.insert(sid) }
    case .mute(let sid, let isMuted): session.track(sid: sid)?.isMutedAtServer = isMuted
    }
  }

  // MARK: What leaves

  mutating func departs(_ datagram: [UInt8], to address: SocketAddress, in simulation: Simulation) {
    // RTP by its first byte, and not RTCP by its second (RFC 5761, RFC 7983).
    guard datagram.count >= 12, (128..<192).contains(datagram[0]), !(192..<224).contains(datagram[1]) else { return }
    packetsSeen += 1
    let ssrc = datagram.rawSpan.uint32(at: 8)
    guard let stream = stream(ssrc, to: address), let flow = flows[stream] else {
      if ended.contains(where: { $0.key.ssrc == ssrc && $0.value == simulation.now }) { return }
      // Probing uses streams that exist too: whatever has no subscription has no permission.
      return simulation.fail("permission", "a packet of stream \(ssrc) to \(address), who has no subscription to it")
    }
    checkPermission(flow, in: simulation)
    checkNumbers(datagram, stream, flow, in: simulation)
  }

  private func stream(_ ssrc: UInt32, to address: SocketAddress) -> Stream? {
    for (id, session) in owners where session.client.index == Int(truncatingIfNeeded: (address.v4 ?? 0) & 0xFF) - 1 {
      let stream = Stream(transport: id, ssrc: ssrc)
      if flows[stream] != nil { return stream }
    }
    return nil
  }

  private func checkPermission(_ flow: Flow, in simulation: Simulation) {
    guard let subscriber = owners[flow.transport], let publication = publications[flow.publication],
      let publisher = owners[publication.transport]
    else { return simulation.fail("permission", "a packet of a publication that is over") }
    let path = "from \(publisher.client.identity) to \(subscriber.client.identity)"
    if !subscriber.policy.canSubscribe { simulation.fail("permission", "\(path), who may not subscribe") }
    if !publisher.policy.canPublish { simulation.fail("permission", "\(path), who may not publish") }
    if let audience = publisher.policy.audience, !audience.contains(subscriber.client.identity) {
      simulation.fail("permission", "\(path), whom the publisher does not admit")
    }
    guard let track = publisher.tracks.first(where: { $0.mid == publication.mid }) else { return }
    if let sid = track.sid, subscriber.policy.unwanted.contains(sid) {
      simulation.fail("permission", "\(path), who unsubscribed")
    }
    guard !flow.isRetransmission else { return }
    // What was sent before may be repeated; nothing new may follow.
    if track.isMutedAtServer, publication.kind == .video { simulation.fail("muted", "\(path), track \(track.number)") }
    if flow.isPaused, publication.kind == .video { simulation.fail("paused", "\(path), track \(track.number)") }
  }

  private mutating func checkNumbers(
    _ datagram: [UInt8], _ stream: Stream, _ flow: Flow, in simulation: Simulation
  ) {
    let number = datagram.rawSpan.uint16(at: 2)
    let timestamp = datagram.rawSpan.uint32(at: 4)
    let digest = Self.digest(datagram)
    guard var known = sent[stream] else {
      sent[stream] = Sent(
        highest: Int64(number), timestamp: timestamp, at: simulation.now, digests: [Int64(number): digest])
      return
    }
    let distance = Int64(Int16(bitPattern: number &- UInt16(truncatingIfNeeded: known.highest)))
    let extended = known.highest + distance
    defer { sent[stream] = known }
    if let before = known.digests[extended] {
      // AES-GCM and AES-CM are broken by two packets under one number (RFC 3711 §9.1, RFC 7714 §8.1).
      if before != digest { simulation.fail("sequence", "number \(number) of \(stream.ssrc) with two contents") }
      return
    }
    known.digests[extended] = digest
    guard distance > 0 else {
      known.holes -= 1
      return
    }
    known.holes += Int(distance - 1)
    if distance > 1 { checkJump(distance, stream, flow, in: simulation) }
    if !flow.isRetransmission { checkClock(timestamp, known, stream, flow, in: simulation) }
    known.highest = extended
    known.timestamp = timestamp
    known.at = simulation.now
    if known.digests.count > 4_000 { known.digests = known.digests.filter { $0.key > extended - 2_000 } }
  }

  private func checkJump(_ distance: Int64, _ stream: Stream, _ flow: Flow, in simulation: Simulation) {
    let publisher = publications[flow.publication].flatMap { owners[$0.transport] }
    if publisher?.client.uplink.isPristine ?? false {
      simulation.fail("sequence", "a gap of \(distance - 1) in \(stream.ssrc), and nothing was lost before the server")
    } else if distance > Bound.jump || flow.isRetransmission {
      simulation.fail("sequence", "a gap of \(distance - 1) in \(stream.ssrc)")
    }
  }

  /// The clock of a stream follows time: neither back nor far ahead, over pauses and layer changes.
  private func checkClock(_ timestamp: UInt32, _ known: Sent, _ stream: Stream, _ flow: Flow, in simulation: Simulation)
  {
    let moved = Int64(Int32(bitPattern: timestamp &- known.timestamp))
    let elapsed = (simulation.now - known.at).nanoseconds / 1_000 * flow.clockRate / 1_000_000
    if moved < 0 { simulation.fail("clock", "\(stream.ssrc) goes back by \(-moved) ticks") }
    if moved > elapsed + 3 * flow.clockRate {
      simulation.fail("clock", "\(stream.ssrc) jumps by \(moved) ticks in \(elapsed)")
    }
  }

  private static func digest(_ bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    // Everything that differs between two seals of one number differs in the tag, too.
    for byte in bytes.prefix(32) + bytes.suffix(16) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash ^ UInt64(bytes.count)
  }

  // MARK: What arrives

  /// The packet belongs to the track that the stream was announced for.
  func received(_ mark: MediaMark, as track: IncomingTrack, by session: Session, in simulation: Simulation) {
    for client in simulation.clients {
      guard let other = client.session?.tracks.first(where: { $0.number == mark.track }) else { continue }
      if other.sid != track.sid {
        simulation.fail("content", "\(session.client.identity) got track \(mark.track) in the stream of \(track.sid)")
      }
    }
  }

  // MARK: Data

  mutating func opened(_ id: TransportID, _ label: DataChannelLabel, in simulation: Simulation) {
    guard label == .reliable, let session = owners[id], id == session.transports.first else { return }
    session.isReliableOpen = true
  }

  mutating func accepted(_ id: TransportID, _ label: DataChannelLabel, _ bytes: [UInt8], in simulation: Simulation) {
    guard label == .reliable, let sender = owners[id], let packet = try? DataPacket(protobuf: bytes),
      packet.sequence > lastAccepted[sender.sid] ?? 0
    else { return }
    lastAccepted[sender.sid] = packet.sequence
    for (receiver, _) in receivers(of: sender) {
      owed[receiver.number, default: []].append((sender.sid, packet.sequence))
    }
  }

  private func receivers(of sender: Session) -> [(Session, TransportID)] {
    owners.filter { $0.value !== sender && $0.value.isReliableOpen && $0.key == $0.value.transports.first }
      .map { ($0.value, $0.key) }
  }

  mutating func received(_ bytes: [UInt8], by session: Session, in simulation: Simulation) {
    guard let packet = try? DataPacket(protobuf: bytes), packet.sequence > 0 else { return }
    let last = session.lastReceived[packet.participantSid]
    simulation.record(.data, packet.participantSid, session.client.index, Int(packet.sequence))
    if let last, packet.sequence != last + 1 {
      // After a resume the server repeats what it cannot know to have arrived; clients drop it by its number.
      if packet.sequence <= last, session.hasResumed { return }
      return simulation.fail(
        "reliable data", "\(session.client.identity) got \(packet.sequence) of \(packet.participantSid) after \(last)")
    }
    session.lastReceived[packet.participantSid] = packet.sequence
  }

  /// Reliable packets that the session should have by now, and has not.
  func missingData(of session: Session) -> [(sender: String, sequence: UInt32)] {
    (owed[session.number] ?? []).filter { $0.sequence > session.lastReceived[$0.sender] ?? 0 }
  }

  // MARK: After every turn

  func afterTurn(_ simulation: Simulation) {
    if simulation.events.count > Bound.events { simulation.fail("bounded queues", "\(simulation.events.count) events") }
    let node = simulation.node.population
    if node.publications > publications.count {
      simulation.fail("conservation", "\(node.publications) publications, \(publications.count) told")
    }
    if node.transports != owners.count {
      simulation.fail("conservation", "\(node.transports) transports, \(owners.count) told")
    }
    let told = flows.values.count { !$0.isRetransmission }
    if node.subscriptions > told {
      simulation.fail("conservation", "\(node.subscriptions) subscriptions, \(told) told")
    }
    if simulation.node.counters.droppedArenaFull > 0 { simulation.fail("bounded queues", "a packet beyond the arena") }
    if simulation.node.counters.eventsDropped > 0 { simulation.fail("bounded queues", "events were dropped") }
  }
}
