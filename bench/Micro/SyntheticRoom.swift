// A real node with synthetic clients around it, all in one process and one thread, under virtual time: what the node does
// for a packet is then the only thing that happens between two readings of the counters.

import Bytes
import Chronology
import Connectivity
import Cryptography
import MediaContract
import Node
import Wire

struct SyntheticRoom: ~Copyable {
  var node: MediaNode
  var now = Instant.origin
  let clients: [SyntheticClient]
  private let certificate: Certificate
  private let context: DTLSContext
  private let server = Path(SocketAddress(v4: 0x7F00_0001, port: 7_882))
  private var places: [Path: Int] = [:]

  /// Datagrams that were sealed beforehand, in the order in which they come in.
  private var datagrams = Slab(slotCount: 1, stride: 64)
  private var lengths: [Int] = []
  private var senders: [Path] = []
  private var next = 0

  /// Everybody has joined and is connected.
  init(clients count: Int) {
    guard let certificate = try? Certificate.selfSigned(at: WallTime(milliseconds: 1_700_000_000_000)) else {
      preconditionFailure("no certificate")
    }
    self.certificate = certificate
    context = DTLSContext(certificate: certificate)
    node = MediaNode(
      Configuration(), certificate: certificate, seed: 1,
      start: Moment(instant: .origin, wall: WallTime(milliseconds: 1_700_000_000_000)))
    clients = (1...count).map { SyntheticClient(number: $0) }
    for (place, client) in clients.enumerated() {
      places[client.path] = place
      node.perform(.openTransport(client.parameters), at: now)
      node.perform(.setRemote(client.id, client.remoteParameters(certificate)), at: now)
      client.connect(to: server, certificate, context: context, at: now)
    }
    exchange(for: .milliseconds(400))
    precondition(clients.allSatisfy { $0.secure.isSecure }, "a client could not connect")
  }

  // MARK: Between the measured turns

  /// Lets time pass in which clients and node talk to each other without loss or delay.
  mutating func exchange(for duration: Interval) {
    let end = now + duration
    while now < end {
      now += .milliseconds(10)
      for client in clients {
        client.secure.advance(to: now)
        while let departure = client.secure.nextDeparture() {
          var bytes = departure.bytes
          let count = bytes.count
          var span = bytes.mutableRawSpan
          node.receive(&span, byteCount: count, from: client.path, at: now)
        }
      }
      node.advance(to: now)
      while node.collectDepartures(at: now) { deliver() }
      while node.nextEvent() != nil {}
    }
  }

  /// Hands the node's departures to the clients.
  private func deliver() {
    for index in 0..<node.departures.count {
      let run = node.departures.record(at: index)
      guard let place = places[run.path] else { continue }
      let bytes = node.departures.bytes(of: run).toArray()
      for segment in 0..<run.segmentCount {
        let start = segment * run.segmentSize
        var datagram = Array(bytes[start..<min(start + run.segmentSize, bytes.count)])
        let count = datagram.count
        var span = datagram.mutableRawSpan
        _ = clients[place].secure.receive(&span, byteCount: count, from: server, at: now)
        while clients[place].secure.nextEvent() != nil {}
      }
    }
  }

  /// Forgets prepared datagrams and makes room for `count` of them.
  mutating func beginPreparing(_ count: Int) {
    if datagrams.slotCount < count { datagrams = Slab(slotCount: count, stride: 1_536) }
    lengths.removeAll(keepingCapacity: true)
    senders.removeAll(keepingCapacity: true)
    next = 0
  }

  /// Seals one packet of a client for a later turn.
  mutating func prepare(
    from client: Int, payloadType: UInt8, ssrc: UInt32, timestamp: UInt32, marker: Bool, _ extensions: RTPExtensions,
    payload: [UInt8]
  ) {
    let sender = clients[client]
    let fields = RTPFields(
      marker: marker, payloadType: payloadType, sequenceNumber: sender.nextSequence(ssrc), timestamp: timestamp,
      ssrc: ssrc)
    var length = 0
    do {
      var target = datagrams.mutableBytes(of: lengths.count)
      length = sender.write(fields, extensions, payload: payload.rawSpan, into: &target)
    }
    precondition(length > 0, "a packet that does not fit")
    lengths.append(length)
    senders.append(sender.path)
  }

  /// Seals one compound RTCP packet of a client for a later turn.
  mutating func prepareControl(from client: Int, _ write: (inout MutableRawSpan) -> Int) {
    var length = 0
    do {
      var target = datagrams.mutableBytes(of: lengths.count)
      let count = write(&target)
      length = clients[client].secure.sealControl(&target, byteCount: count)
    }
    precondition(length > 0, "a report that does not fit")
    lengths.append(length)
    senders.append(clients[client].path)
  }

  /// A turn that is not measured: shows every datagram that it makes.
  mutating func turn(receiving count: Int, visiting visit: (RawSpan) -> Void) {
    for _ in 0..<count { receiveNext() }
    while node.collectDepartures(at: now) {
      for index in 0..<node.departures.count {
        let run = node.departures.record(at: index)
        let bytes = node.departures.bytes(of: run)
        for segment in 0..<run.segmentCount {
          let start = segment * run.segmentSize
          visit(bytes.slice(start, min(run.segmentSize, bytes.byteCount - start)))
        }
      }
    }
  }

  // MARK: A measured turn

  /// Takes the next `count` prepared datagrams and makes the departures that follow from them: all that a shard's thread
  /// does for packets but the system calls.
  ///
  /// - Parameter gathering: how much later the departures are collected: voices wait for each other.
  @inline(never)
  mutating func turn(receiving count: Int, gathering: Interval = .zero) {
    for _ in 0..<count { receiveNext() }
    now += gathering
    while node.collectDepartures(at: now) {}
  }

  private mutating func receiveNext() {
    Self.receive(&datagrams, next, byteCount: lengths[next], from: senders[next], into: &node, at: now)
    next += 1
  }

  /// What is done by time and not for packets: reports, feedback, bandwidth, consent.
  @inline(never)
  mutating func tick() {
    node.advance(to: now)
    while node.collectDepartures(at: now) {}
  }

  private static func receive(
    _ datagrams: inout Slab, _ place: Int, byteCount: Int, from sender: Path, into node: inout MediaNode,
    at time: Instant
  ) {
    var datagram = datagrams.mutableBytes(of: place)
    node.receive(&datagram, byteCount: byteCount, from: sender, at: time)
  }

  mutating func drainEvents() { while node.nextEvent() != nil {} }

  var forwarded: Int { Int(node.counters.packetsForwarded) }
}
