// One shard as the rest of the process sees it: a thread with a mailbox.

public import Chronology
public import Cryptography
public import MediaContract
public import Node
public import Reactor
import Randomness
import Synchronization
public import Telemetry
public import Wire

public struct ShardConfiguration: Sendable {
  /// 0, 1, 2…: which of the process's shards it is.
  public var index: Int
  public var udp: SocketAddress
  /// Passive ICE-TCP; nil: none.
  public var tcp: SocketAddress?
  public var bufferBytes: Int
  /// How long departures are gathered before they are sent; zero: each turn sends its own.
  public var coalescing: Interval
  /// The core to bind the thread to; nil: wherever the system puts it.
  public var core: Int?
  public var node: Node.Configuration
  /// Shared by all shards of the process.
  public var certificate: Certificate
  /// From the kernel.
  public var seed: UInt64

  public init(
    index: Int, udp: SocketAddress, tcp: SocketAddress?, bufferBytes: Int, coalescing: Interval, core: Int?,
    node: Node.Configuration, certificate: Certificate, seed: UInt64
  ) {
    self.index = index
    self.udp = udp
    self.tcp = tcp
    self.bufferBytes = bufferBytes
    self.coalescing = coalescing
    self.core = core
    self.node = node
    self.certificate = certificate
    self.seed = seed
  }
}

/// What a shard tells of itself every second.
public struct ShardSnapshot: Sendable {
  public var index: Int
  /// When the rest was counted.
  public var at: Instant
  public var node: Node.Counters
  public var delays: Node.DelayHistogram
  public var transports: Int
  public var publications: Int
  public var subscriptions: Int
  public var datagrams: DatagramCounters
  public var streams: StreamCounters
  /// Microseconds from waking to sleeping.
  public var turns: Histogram
  /// Whether the kernel still cuts runs apart for us.
  public var segments: Bool
  /// What the shard's thread has run, in user space and in the kernel.
  public var processorTime: Interval
}

/// From a shard to the control thread.
public enum ShardNotice: Sendable {
  case events(shard: Int, [MediaEvent])
  case snapshot(ShardSnapshot)
}

enum ShardRequest: Sendable {
  case perform(MediaCommand)
  case stop
}

/// A running shard. `stop` it before it goes.
public struct Shard: ~Copyable {
  public let index: Int
  /// Where it really listens.
  public let udp: SocketAddress
  public let tcp: SocketAddress?
  /// Bytes of arrivals that the kernel keeps for it.
  public let receiveBufferBytes: Int
  private let requests: Mailbox<ShardRequest>
  private let worker: Worker

  /// Binds the ports and starts the thread.
  ///
  /// - Parameter notices: where events and counts go.
  public init(_ configuration: ShardConfiguration, notices: Mailbox<ShardNotice>) throws(SystemError) {
    let socket = try BoundDatagramSocket(configuration.udp, bufferBytes: configuration.bufferBytes)
    let boundUDP = socket.address
    let grantedBytes = socket.receiveBufferBytes
    let requests = try Mailbox<ShardRequest>(capacity: Limit.commands)
    let parcel = Parcel(socket)
    var boundTCP: SocketAddress?
    var streams: Parcel<Listener>?
    if let address = configuration.tcp {
      let listener = try Listener(address)
      boundTCP = listener.address
      streams = Parcel(listener)
    }
    let listener = streams
    let worker = try Worker(name: "shard-\(configuration.index)", core: configuration.core) {
      guard let socket = parcel.take() else { return }
      // The descriptors are fresh and the set is empty: this fails only when the kernel is out of memory.
      guard var loop = try? ShardLoop(configuration, socket, listener?.take(), requests, notices) else { return }
      loop.run()
    }
    index = configuration.index
    udp = boundUDP
    tcp = boundTCP
    receiveBufferBytes = grantedBytes
    self.requests = requests
    self.worker = worker
  }

  /// Queues a command. False when the shard is so far behind that its mailbox is full.
  public func perform(_ command: MediaCommand) -> Bool { requests.post(.perform(command)) }

  /// Ends the thread and waits for it. Its clients hear nothing more.
  public consuming func stop() {
    // Nothing can be lost by trying again: the shard empties its mailbox every turn.
    while !requests.post(.stop) {}
    worker.join()
  }
}

/// Carries a unique value into a thread.
private final class Parcel<Value: ~Copyable & Sendable>: Sendable {
  private let content: Mutex<Value?>

  init(_ value: consuming Value) { content = Mutex(value) }

  func take() -> Value? { content.withLock { $0.take() } }
}
