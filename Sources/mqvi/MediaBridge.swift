// The one place where the control plane and the media plane meet: commands to the shards, events from them.

import Bytes
import Chronology
import Cryptography
import EventLoops
import MediaContract
import Node
import Reactor
import Rooms
import Settings
import Wire

struct MediaBridge: ~Copyable {
  enum Limit {
    /// Commands kept for a shard whose mailbox is full. Far beyond what a working shard leaves; a shard that is so far
    /// behind does not work any more.
    static let backlog = 1_000_000
    /// Between attempts to hand the backlog over.
    static let retry = Interval.milliseconds(2)
  }

  private var shards: SlotTable<Shard>
  private var handles: [Handle<Shard>]
  /// Commands that a full mailbox did not take, in order, for each shard.
  private var backlogs: [[MediaCommand]]
  /// From all shards.
  let notices: Mailbox<ShardNotice>
  /// The last word of each shard.
  private(set) var snapshots: [ShardSnapshot?]
  private(set) var commandsLost: UInt64 = 0
  private var memory = MemoryKeeper()

  /// Starts the shards that the settings ask for.
  init(_ settings: Settings, certificate: Certificate) throws {
    let notices = try Mailbox<ShardNotice>(capacity: EventLoops.Limit.notices)
    let cores = Process.availableCores()
    var shards = SlotTable<Shard>(limit: 64)
    var handles: [Handle<Shard>] = []
    for index in 0..<(settings.shards == 0 ? cores : settings.shards) {
      let configuration = try ShardConfiguration(settings, index: index, of: cores, certificate: certificate)
      if let handle = shards.insert(try Shard(configuration, notices: notices)) { handles.append(handle) }
    }
    self.notices = notices
    self.shards = shards
    self.handles = handles
    backlogs = handles.map { _ in [] }
    snapshots = handles.map { _ in nil }
  }

  var count: Int { handles.count }

  /// The shard's ports as they really are, and its receive buffer.
  func ports(_ index: Int) -> (udp: UInt16, tcp: UInt16?, bufferBytes: Int) {
    let handle = handles[index]
    return (shards[handle].udp.port, shards[handle].tcp?.port, shards[handle].receiveBufferBytes)
  }

  /// How clients reach each shard.
  func descriptions(at addresses: [SocketAddress]) -> [ShardDescription] {
    (0..<count).map { index in
      let (udp, tcp, _) = ports(index)
      return ShardDescription(addresses: addresses.map(\.host), udpPort: udp, tcpPort: tcp)
    }
  }

  /// Hands a command to its shard. Commands of one shard arrive in the order in which they were given.
  mutating func send(_ command: MediaCommand, to index: Int) {
    guard index < count else { return }
    if backlogs[index].isEmpty, shards[handles[index]].perform(command) { return }
    guard backlogs[index].count < Limit.backlog else {
      commandsLost += 1
      return
    }
    backlogs[index].append(command)
  }

  /// When to try again what a shard did not take.
  func nextDeadline(after now: Instant) -> Instant {
    backlogs.allSatisfy(\.isEmpty) ? .distantFuture : now + Limit.retry
  }

  mutating func retry() {
    for index in 0..<count where !backlogs[index].isEmpty {
      var taken = 0
      while taken < backlogs[index].count, shards[handles[index]].perform(backlogs[index][taken]) { taken += 1 }
      backlogs[index].removeFirst(taken)
    }
  }

  /// What the shards have said since the last call: events to act upon. Counts are kept here.
  mutating func takeEvents() -> [(shard: Int, events: [MediaEvent])] {
    var result: [(shard: Int, events: [MediaEvent])] = []
    for notice in notices.takeAll() {
      switch notice {
      case .events(let shard, let events): result.append((shard, events))
      case .snapshot(let snapshot): keep(snapshot)
      }
    }
    return result
  }

  private mutating func keep(_ snapshot: ShardSnapshot) {
    guard snapshot.index < count else { return }
    snapshots[snapshot.index] = snapshot
    // They all come once a second; the first one's is the beat.
    if snapshot.index == 0 { memory.note(population: snapshots.reduce(0) { $0 + ($1?.transports ?? 0) }) }
  }

  /// Ends all shards.
  mutating func stop() {
    for handle in handles {
      if let shard = shards.remove(handle) { shard.stop() }
    }
    handles = []
  }
}

extension ShardConfiguration {
  fileprivate init(_ settings: Settings, index: Int, of cores: Int, certificate: Certificate) throws {
    func port(_ first: Int) -> UInt16 { first == 0 ? 0 : UInt16(truncatingIfNeeded: first + index) }
    var node = Node.Configuration()
    node.voiceGathering = .microseconds(Int64(settings.voiceGatheringMicroseconds))
    self.init(
      index: index, udp: try Addresses.bind(settings, port: port(settings.udpPort)),
      tcp: settings.tcpPort == 0 ? nil : try Addresses.bind(settings, port: port(settings.tcpPort)),
      bufferBytes: settings.socketBufferKilobytes * 1024,
      coalescing: .microseconds(Int64(settings.coalesceMicroseconds)), core: cores > 1 ? index % cores : nil,
      node: node, certificate: certificate, seed: SecureRandom.uint64())
  }
}
