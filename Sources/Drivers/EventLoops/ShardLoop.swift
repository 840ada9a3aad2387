// A shard's thread: wait, read the clock once, receive, command, advance, send, report.

import Bytes
import Chronology
import Connectivity
import MediaContract
import Node
import Reactor
import Telemetry
import Wire

struct ShardLoop: ~Copyable {
  /// Tokens of the poller; connections of ICE-TCP have their numbers, which are below 2^32.
  private enum Token {
    static let requests: UInt64 = 1 << 32
    static let datagrams: UInt64 = 1 << 33
    static let listener: UInt64 = 1 << 34
  }

  private let configuration: ShardConfiguration
  private let requests: Mailbox<ShardRequest>
  private let notices: Mailbox<ShardNotice>
  private var poller: Poller
  private var socket: DatagramSocket
  private var streams: StreamPeers?
  private var node: MediaNode
  private var turns = Histogram.microseconds()
  private var isStopping = false
  /// When departures are collected next; nil: nothing has happened that could have made any.
  private var collectAt: Instant?
  private var lastCollected: Instant
  private var nextSecond: Instant
  /// Events that the control thread's mailbox did not take.
  private var backlog: [MediaEvent] = []

  init(
    _ configuration: ShardConfiguration, _ bound: consuming BoundDatagramSocket, _ listener: consuming Listener?,
    _ requests: Mailbox<ShardRequest>, _ notices: Mailbox<ShardNotice>
  ) throws(SystemError) {
    let start = Clock.moment()
    let poller = try Poller()
    let socket = DatagramSocket(bound)
    try poller.add(socket.readable, token: Token.datagrams)
    try poller.add(requests.signal.readable, token: Token.requests)
    var streams: StreamPeers?
    if let listener = listener.take() {
      try poller.add(listener.descriptor.rawValue, token: Token.listener)
      streams = StreamPeers(listener)
    }
    node = MediaNode(
      configuration.node, certificate: configuration.certificate, seed: configuration.seed, start: start)
    self.configuration = configuration
    self.requests = requests
    self.notices = notices
    self.poller = poller
    self.socket = socket
    self.streams = streams
    lastCollected = start.instant
    nextSecond = start.instant + .seconds(1)
  }

  /// Runs until it is told to stop.
  mutating func run() {
    while !isStopping {
      rest()
      let deadline = min(node.nextTimer, nextSecond, collectAt ?? node.nextCollection)
      let count = poller.wait(deadline - Clock.now())
      let now = Clock.now()
      take(count, at: now)
      if node.nextDeadline <= now { collectSoon(at: now) }
      node.advance(to: now)
      if let due = collectAt, due <= now { send(at: now) }
      report(at: now)
      turns.record((Clock.now() - now).microseconds)
    }
  }

  /// Sleeps where waking up for each datagram would bring nothing: they are sent together later anyway. The kernel keeps
  /// them, and when they came.
  private func rest() {
    let now = Clock.now()
    guard let end = collectAt ?? node.restEnd(at: now) else { return }
    let limit = now + Limit.longestRest
    if end > now { Clock.sleep(until: min(end, nextSecond, limit)) }
  }

  /// Whatever is ready.
  private mutating func take(_ count: Int, at now: Instant) {
    for index in 0..<count {
      let ready = poller[index]
      switch ready.token {
      case Token.datagrams: Self.receiveDatagrams(&socket, &node, at: now)
      case Token.requests: performRequests(at: now)
      case Token.listener: streams?.accept(&poller, at: now)
      default: serveStream(ready, at: now)
      }
    }
    if count > 0 { collectSoon(at: now) }
  }

  /// Something may have to leave: at once, or when the time for gathering is over.
  private mutating func collectSoon(at now: Instant) {
    let gathered = max(now, lastCollected + configuration.coalescing)
    collectAt = min(collectAt ?? gathered, gathered)
  }

  // The borrowed datagram lives in one part of the loop while another one works on it: so the parts are handed over
  // one by one.

  private static func receiveDatagrams(_ socket: inout DatagramSocket, _ node: inout MediaNode, at now: Instant) {
    for _ in 0..<Limit.batchesPerTurn {
      let count = socket.receive()
      let read = Clock.now()
      for index in 0..<count {
        let arrival = socket.arrival(index)
        let path = Path(arrival.from)
        var offset = 0
        while offset < arrival.byteCount {
          let size = min(arrival.segmentSize, arrival.byteCount &- offset)
          var datagram = socket.datagram(index, offset, size)
          node.receive(&datagram, byteCount: size, from: path, at: now, arrival: read - arrival.age)
          offset &+= size
        }
      }
      if count < Limit.receiveBuffers { return }
    }
  }

  private mutating func performRequests(at now: Instant) {
    for request in requests.takeAll() {
      switch request {
      case .perform(let command): node.perform(command, at: now)
      case .stop: isStopping = true
      }
    }
  }

  private mutating func serveStream(_ ready: Readiness, at now: Instant) {
    guard var streams = streams.take() else { return }
    let number = UInt32(truncatingIfNeeded: ready.token)
    if ready.isWritable { streams.write(number, &poller, at: now) }
    if ready.isReadable || ready.isBroken, let address = streams.read(number, &poller, at: now) {
      Self.receiveFrames(&streams, &node, from: Path(address, connection: number), at: now)
    }
    self.streams = consume streams
  }

  private static func receiveFrames(
    _ streams: inout StreamPeers, _ node: inout MediaNode, from path: Path, at now: Instant
  ) {
    streams.countReceived(streams.frames.count)
    for index in 0..<streams.frames.count {
      var datagram = streams.frames.mutableBytes(index)
      let byteCount = datagram.byteCount
      node.receive(&datagram, byteCount: byteCount, from: path, at: now)
    }
  }

  /// Sends until nothing is left, or until a turn's worth is out and the rest must wait for the socket.
  private mutating func send(at now: Instant) {
    collectAt = nil
    lastCollected = now
    var streams = streams.take()
    while node.collectDepartures(at: now) {
      for index in 0..<node.departures.count {
        let departure = node.departures.record(at: index)
        if departure.path.kind == .udp {
          socket.enqueue(
            offset: departure.offset, byteCount: departure.byteCount, segmentSize: departure.segmentSize,
            to: departure.path.address)
        } else {
          Self.send(departure, of: node.departures, over: &streams, &poller, at: now)
        }
      }
      socket.flush(from: node.departures.arena)
      node.departed(at: Clock.now())
    }
    self.streams = consume streams
  }

  /// A run over TCP: each of its datagrams is a frame.
  private static func send(
    _ run: DepartureRun, of departures: borrowing Departures, over streams: inout StreamPeers?,
    _ poller: inout Poller, at now: Instant
  ) {
    var offset = 0
    while offset < run.byteCount {
      let size = min(run.segmentSize, run.byteCount &- offset)
      let datagram = departures.arena.range(run.offset &+ offset, size)
      streams?.send(datagram, to: run.path.connection, &poller, at: now)
      offset &+= size
    }
  }

  /// Events to the control thread, and once a second the counts.
  private mutating func report(at now: Instant) {
    while true {
      if backlog.isEmpty {
        while backlog.count < Limit.eventsPerNotice, let event = node.nextEvent() { backlog.append(event) }
      }
      guard !backlog.isEmpty else { break }
      // A full mailbox: the events stay here, and the next ones in the node's own bounded queue.
      guard notices.post(.events(shard: configuration.index, backlog)) else { break }
      backlog.removeAll(keepingCapacity: true)
    }
    guard now >= nextSecond else { return }
    nextSecond = now + .seconds(1)
    streams?.sweep(&poller, at: now)
    let population = node.population
    let snapshot = ShardSnapshot(
      index: configuration.index, at: now, node: node.counters, delays: node.delays, transports: population.transports,
      publications: population.publications, subscriptions: population.subscriptions, datagrams: socket.counters,
      streams: streams.counters, turns: turns, segments: socket.segments,
      processorTime: Clock.threadTime())
    // A snapshot that finds no room is only one second's.
    _ = notices.post(.snapshot(snapshot))
  }
}

extension Optional where Wrapped == StreamPeers {
  /// No counts without ICE-TCP.
  fileprivate var counters: StreamCounters {
    switch self {
    case .some(let peers): peers.counters
    case .none: StreamCounters()
    }
  }
}
