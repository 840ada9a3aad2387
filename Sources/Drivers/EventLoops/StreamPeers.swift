// ICE over TCP (RFC 6544, passive side): the connections of one shard, each a way like a UDP address.
//
// Frames are RFC 4571's. A connection proves itself by a STUN binding request as its first frame; whether that request is
// a good one is for the ICE agent to say.

import Bytes
import Chronology
import Reactor
import Wire

public struct StreamCounters: Sendable, Equatable {
  public var accepted: UInt64 = 0
  public var refused: UInt64 = 0
  /// Closed because the first frame was late or no STUN binding request, or a frame was too long.
  public var notICE: UInt64 = 0
  public var timeouts: UInt64 = 0
  public var received: UInt64 = 0
  public var sent: UInt64 = 0
  /// Packets dropped because the connection's queue was full, or for a connection that has gone.
  public var dropped: UInt64 = 0
  /// Open now.
  public var connections = 0

  public init() {}
}

/// Frames that one read completed: their bytes one after the other, and where each begins and ends.
struct FrameBatch: ~Copyable {
  /// What one turn reads, with the read that passes the limit and the frame that had begun before.
  private static let capacity = Limit.streamReadPerTurn + Limit.streamBuffer + Limit.frameBytes

  private var memory = Slab(slotCount: 1, stride: FrameBatch.capacity)
  private(set) var ranges: [Range<Int>] = []
  private var end = 0

  var count: Int { ranges.count }

  mutating func clear() {
    ranges.removeAll(keepingCapacity: true)
    end = 0
  }

  mutating func append(_ frame: RawSpan) {
    guard end + frame.byteCount <= Self.capacity else { return }
    var space = memory.mutableRange(end, frame.byteCount)
    space.copy(frame, to: 0)
    ranges.append(end..<(end + frame.byteCount))
    end += frame.byteCount
  }

  @_lifetime(borrow self)
  func bytes(_ index: Int) -> RawSpan { memory.range(ranges[index].lowerBound, ranges[index].count) }

  @_lifetime(&self)
  mutating func mutableBytes(_ index: Int) -> MutableRawSpan {
    memory.mutableRange(ranges[index].lowerBound, ranges[index].count)
  }
}

struct StreamPeer: ~Copyable {
  let socket: StreamSocket
  let address: SocketAddress
  var splitter = FrameSplitter(maximum: Limit.frameBytes)
  var output: [UInt8] = []
  var written = 0
  var hasProvenItself = false
  let opened: Instant
  var lastHeard: Instant
  var lastProgress: Instant
  var watchesWrites = false

  init(owning descriptor: Int32, address: SocketAddress, at now: Instant) {
    socket = StreamSocket(owning: descriptor)
    self.address = address
    opened = now
    lastHeard = now
    lastProgress = now
  }

  var waiting: Int { output.count - written }

  mutating func read(into buffer: inout [UInt8]) -> Transfer {
    var span = buffer.mutableRawSpan
    return socket.read(into: &span)
  }

  /// Cuts the first `count` bytes into frames. False when they are not what may come here.
  mutating func take(_ bytes: [UInt8], _ count: Int, into batch: inout FrameBatch) -> Bool {
    do throws(WireError) {
      try splitter.push(bytes.rawSpan.slice(0, count)) { frame in
        batch.append(frame)
      }
    } catch {
      return false
    }
    guard !hasProvenItself, batch.count > 0 else { return true }
    hasProvenItself = Self.isBindingRequest(batch.bytes(0))
    if !hasProvenItself { batch.clear() }
    return hasProvenItself
  }

  /// RFC 8489 §5: method Binding, class request, and the magic cookie.
  private static func isBindingRequest(_ frame: RawSpan) -> Bool {
    frame.byteCount >= 20 && frame.uint16(at: 0) == 0x0001 && frame.uint32(at: 4) == 0x2112_A442
  }

  /// Writes what waits. False when the connection is broken.
  mutating func flush(at now: Instant) -> Bool {
    while waiting > 0 {
      switch socket.write(output.rawSpan.slice(written, waiting)) {
      case .bytes(let count):
        written += count
        lastProgress = now
      case .wouldBlock:
        // What is written is dropped from the front when it is the larger part.
        if written > output.count / 2 {
          output.removeFirst(written)
          written = 0
        }
        return true
      case .end, .failed: return false
      }
    }
    output.removeAll(keepingCapacity: output.capacity <= 65_536)
    written = 0
    return true
  }

  /// Why the connection must go, if it must.
  func isOverdue(at now: Instant) -> Bool {
    if !hasProvenItself { return now - opened > Limit.firstFrameTime }
    if waiting > 0, now - lastProgress > Limit.streamStall { return true }
    return now - lastHeard > Limit.streamIdle
  }
}

/// All TCP connections of a shard.
public struct StreamPeers: ~Copyable {
  private let listener: Listener
  private var peers = SlotTable<StreamPeer>(limit: Limit.streamConnections)
  private var buffer = [UInt8](repeating: 0, count: Limit.streamBuffer)
  var frames = FrameBatch()
  public private(set) var counters = StreamCounters()

  init(_ listener: consuming Listener) { self.listener = listener }

  var readable: Int32 { listener.descriptor.rawValue }
  var isEmpty: Bool { peers.count == 0 }

  /// Takes new connections. Their poller tokens are their numbers.
  mutating func accept(_ poller: inout Poller, at now: Instant) {
    for _ in 0..<Limit.acceptsPerTurn {
      guard let (descriptor, address) = listener.accept() else { return }
      // The table closes what it does not take.
      guard let handle = peers.insert(StreamPeer(owning: descriptor, address: address, at: now)) else {
        counters.refused &+= 1
        continue
      }
      do throws(SystemError) {
        try poller.add(descriptor, token: UInt64(Self.number(handle)))
        counters.accepted &+= 1
      } catch {
        _ = peers.remove(handle)
        counters.refused &+= 1
      }
    }
    counters.connections = peers.count
  }

  /// Reads what has come on a connection: `frames` then holds the whole frames. Nil when there is no such connection or
  /// it is gone now; the frames count all the same.
  mutating func read(_ number: UInt32, _ poller: inout Poller, at now: Instant) -> SocketAddress? {
    frames.clear()
    guard let handle = find(number) else { return nil }
    let address = peers[handle].address
    var total = 0
    while total < Limit.streamReadPerTurn {
      switch peers[handle].read(into: &buffer) {
      case .bytes(let count):
        peers[handle].lastHeard = now
        total += count
        guard peers[handle].take(buffer, count, into: &frames) else {
          counters.notICE &+= 1
          close(handle, &poller)
          return address
        }
      case .wouldBlock: return address
      case .end, .failed:
        close(handle, &poller)
        return address
      }
    }
    return address
  }

  /// Queues one datagram as a frame and writes what the connection takes.
  mutating func send(_ datagram: RawSpan, to number: UInt32, _ poller: inout Poller, at now: Instant) {
    guard let handle = find(number), datagram.byteCount <= 0xFFFF,
      peers[handle].waiting + datagram.byteCount <= Limit.streamQueue
    else {
      counters.dropped &+= 1
      return
    }
    if peers[handle].waiting == 0 { peers[handle].lastProgress = now }
    peers[handle].output.append(UInt8(truncatingIfNeeded: datagram.byteCount >> 8))
    peers[handle].output.append(UInt8(truncatingIfNeeded: datagram.byteCount))
    peers[handle].output += datagram.toArray()
    counters.sent &+= 1
    write(number, &poller, at: now)
  }

  /// Goes on writing when the connection takes more.
  mutating func write(_ number: UInt32, _ poller: inout Poller, at now: Instant) {
    guard let handle = find(number) else { return }
    guard peers[handle].flush(at: now) else { return close(handle, &poller) }
    let wants = peers[handle].waiting > 0
    guard wants != peers[handle].watchesWrites else { return }
    peers[handle].watchesWrites = wants
    poller.change(peers[handle].socket.descriptor.rawValue, token: UInt64(number), writes: wants)
  }

  /// Closes what has been silent, stuck or unproven for too long.
  mutating func sweep(_ poller: inout Poller, at now: Instant) {
    for index in 0..<peers.places {
      guard let handle = peers.handle(at: index), peers[handle].isOverdue(at: now) else { continue }
      counters.timeouts &+= 1
      close(handle, &poller)
    }
  }

  private mutating func close(_ handle: Handle<StreamPeer>, _ poller: inout Poller) {
    poller.remove(peers[handle].socket.descriptor.rawValue)
    _ = peers.remove(handle)
    counters.connections = peers.count
  }

  mutating func countReceived(_ frames: Int) { counters.received &+= UInt64(frames) }

  // A connection's number is its handle in 32 bits: place below, the generation's lower bits above. It is never 0,
  // because a generation in use is odd, and comes again only after its place was used a million times.
  private static let placeBits: UInt32 = 11

  private static func number(_ handle: Handle<StreamPeer>) -> UInt32 {
    handle.generation << placeBits | handle.index
  }

  /// The connection of that number, unless it has gone.
  private func find(_ number: UInt32) -> Handle<StreamPeer>? {
    let place = Int(number & (1 << Self.placeBits - 1))
    guard let handle = peers.handle(at: place), Self.number(handle) == number else { return nil }
    return handle
  }
}
