// A node, its clients and a network with a fixed delay between them, under virtual time.

import Bytes
import Chronology
import Connectivity
import DataChannels
import MediaContract
import Node
import Randomness
import Wire

final class Stage {
  var node: MediaNode
  private(set) var now = Instant.origin
  private(set) var clients: [Client] = []
  var events: [MediaEvent] = []
  /// What left in each turn that sent anything, newest last.
  private(set) var runs: [DepartureRun] = []
  /// Whether a datagram is lost on its way.
  var isLost: (_ toNode: Bool, _ bytes: [UInt8]) -> Bool = { _, _ in false }
  /// Where the server sees a client, if its NAT has given it another address.
  var rebound: [TransportID: Path] = [:]
  private var flying: [(arrival: Instant, client: Client, toNode: Bool, bytes: [UInt8])] = []
  let serverPath = Path(SocketAddress(v4: 0xC000_0201, port: 7_882))

  /// How long the driver is busy with handing over a turn's departures.
  var sendingTime = Interval.zero

  static let latency = Interval.milliseconds(10)

  init(configuration: Configuration = Configuration(), seed: UInt64 = 1) {
    node = MediaNode(
      configuration, certificate: TestCertificates.server, seed: seed,
      start: Moment(instant: .origin, wall: WallTime(milliseconds: 1_700_000_000_000)))
  }

  func perform(_ command: MediaCommand) { node.perform(command, at: now) }

  /// A client that has joined and is connected.
  func join(_ id: UInt64, maximumMessageSize: Int = 0) -> Client {
    let client = Client(id: id, port: UInt16(40_000 + id))
    if maximumMessageSize > 0 { client.association = .init(.init(isDTLSClient: true), random: .init(seed: id)) }
    clients.append(client)
    perform(.openTransport(client.parameters))
    perform(.setRemote(client.id, client.remoteParameters(maximumMessageSize: maximumMessageSize)))
    client.describeServer(at: now, serverPath: serverPath)
    run(for: .milliseconds(300))
    return client
  }

  /// Sends a clear RTP packet from a client.
  func send(_ packet: [UInt8], from client: Client, index: UInt64? = nil) {
    fly(client.seal(packet, index: index), from: client)
  }

  func sendControl(_ packet: [UInt8], from client: Client) { fly(client.sealControl(packet), from: client) }

  func fly(_ bytes: [UInt8], from client: Client) {
    guard !isLost(true, bytes) else { return }
    flying.append((now + Self.latency, client, true, bytes))
  }

  func run(for duration: Interval) {
    let end = now + duration
    while true {
      depart()
      let deadlines = [node.nextDeadline] + clients.compactMap { $0.nextDeadline } + flying.map { $0.arrival }
      guard let next = deadlines.min(), next <= end else { break }
      now = max(now, next)
      for client in clients { client.advance(to: now) }
      deliver()
      node.advance(to: now)
    }
    now = end
  }

  private func deliver() {
    let arrived = flying.filter { $0.arrival <= now }
    flying.removeAll { $0.arrival <= now }
    for datagram in arrived {
      let path = rebound[datagram.client.id] ?? datagram.client.path
      if datagram.toNode {
        receive(datagram.bytes, from: path)
      } else {
        datagram.client.receive(datagram.bytes, from: serverPath, at: now)
      }
    }
  }

  /// Hands a datagram to the node as it is.
  func receive(_ datagram: [UInt8], from path: Path) {
    var bytes = datagram
    var span = bytes.mutableRawSpan
    node.receive(&span, byteCount: datagram.count, from: path, at: now)
  }

  private func depart() {
    for client in clients {
      for bytes in client.departures() { fly(bytes, from: client) }
    }
    while node.collectDepartures(at: now) {
      for index in 0..<node.departures.count { depart(node.departures.record(at: index)) }
      node.departed(at: now + sendingTime)
    }
    while let event = node.nextEvent() { events.append(event) }
  }

  private func depart(_ run: DepartureRun) {
    runs.append(run)
    let bytes = node.departures.bytes(of: run).toArray()
    guard let client = clients.first(where: { (rebound[$0.id] ?? $0.path) == run.path }) else { return }
    for segment in 0..<run.segmentCount {
      let start = segment * run.segmentSize
      let datagram = Array(bytes[start..<min(start + run.segmentSize, bytes.count)])
      guard !isLost(false, datagram) else { continue }
      flying.append((now + Self.latency, client, false, datagram))
    }
  }
}
