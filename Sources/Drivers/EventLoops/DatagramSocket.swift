// A shard's UDP socket: batches in both directions, coalesced by the kernel where it can (UDP_GRO, UDP_SEGMENT).

import Bytes
import CLinux
public import Chronology
import Glibc
import Reactor
public import Wire

/// What a datagram socket has counted.
public struct DatagramCounters: Sendable, Equatable {
  /// recvmmsg calls that brought something, and datagrams after the coalesced ones were taken apart.
  public var receiveBatches: UInt64 = 0
  public var received: UInt64 = 0
  /// Larger than a buffer, or from no address that we understand.
  public var truncated: UInt64 = 0
  /// Runs handed to the kernel, and datagrams in them.
  public var sentRuns: UInt64 = 0
  public var sent: UInt64 = 0
  /// Times that the socket's buffer was full, and datagrams given up because it stayed so.
  public var fullBuffers: UInt64 = 0
  public var dropped: UInt64 = 0
  /// Datagrams that the kernel refused (no route, not permitted, too large).
  public var refused: UInt64 = 0
  /// Runs that had to be sent one datagram at a time.
  public var unsegmented: UInt64 = 0

  public init() {}
}

/// One received buffer: one datagram, or several of equal size from one peer.
public struct Arrival: Sendable {
  public let byteCount: Int
  /// Bytes of each datagram but the last, which may be shorter.
  public let segmentSize: Int
  public let from: SocketAddress
  /// How long before `receive()` the kernel had it: what a late turn of the loop must not add to its arrival.
  public let age: Interval
}

/// A bound UDP socket that is not in use yet. May be handed to the thread that will use it.
public struct BoundDatagramSocket: ~Copyable, Sendable {
  let descriptor: Descriptor
  let family: Int32

  /// Binds to both families where the machine has IPv6, else to IPv4.
  ///
  /// - Parameter bufferBytes: asked for in each direction; the system may grant less.
  public init(_ address: SocketAddress, bufferBytes: Int) throws(SystemError) {
    var raw = address.raw
    let bytes = Int32(clamping: bufferBytes)
    var opened = unsafe mqvi_open_datagram(AF_INET6, &raw, bytes)
    var family = AF_INET6
    if opened == -EAFNOSUPPORT || opened == -EADDRNOTAVAIL, address.isIPv4 || address.isUnspecified {
      opened = unsafe mqvi_open_datagram(AF_INET, &raw, bytes)
      family = AF_INET
    }
    descriptor = Descriptor(owning: try SystemError.check(opened, "listen on UDP \(address)"))
    self.family = family
  }

  /// Where it is bound: tells the port when 0 was asked for.
  public var address: SocketAddress {
    var raw = mqvi_address()
    // Fills a local; a bound socket has an address.
    _ = unsafe mqvi_local_address(descriptor.rawValue, &raw)
    return SocketAddress(raw)
  }

  /// Bytes of arrivals that the kernel keeps for us.
  public var receiveBufferBytes: Int { Int(mqvi_receive_buffer(descriptor.rawValue)) }

  /// Whether the kernel cuts runs apart (UDP_SEGMENT, Linux 4.18).
  public var canSegment: Bool { mqvi_probe_segmentation(descriptor.rawValue) == 0 }
}

public struct DatagramSocket: ~Copyable {
  private let descriptor: Descriptor
  private let family: Int32
  private var memory: Slab
  private var arrivals: [mqvi_arrival]
  private var departures: [mqvi_departure] = []
  /// Off for good once the kernel has refused a run: some drivers and tunnels cannot.
  public private(set) var segments: Bool
  public private(set) var counters = DatagramCounters()

  /// - Parameter coalesces: whether to use GRO and GSO where the kernel has them.
  public init(_ socket: consuming BoundDatagramSocket, coalesces: Bool = true) {
    family = socket.family
    descriptor = socket.takeDescriptor()
    memory = Slab(slotCount: Limit.receiveBuffers, stride: Limit.receiveStride)
    arrivals = Array(repeating: mqvi_arrival(), count: Limit.receiveBuffers)
    segments = coalesces && mqvi_probe_segmentation(descriptor.rawValue) == 0
    if coalesces { _ = mqvi_enable_coalescing(descriptor.rawValue) }
    _ = mqvi_enable_arrival_times(descriptor.rawValue)
    departures.reserveCapacity(4096)
  }

  /// For a poller: readable when `receive` has something to bring.
  public var readable: Int32 { descriptor.rawValue }

  // MARK: Receiving

  /// Fills the buffers with what has come. How many: fewer than `Limit.receiveBuffers` means that nothing is left.
  public mutating func receive() -> Int {
    // The slab has exactly this many buffers of this stride; the array as many entries.
    let count = unsafe mqvi_receive_batch(
      descriptor.rawValue, memory.unsafeBase, UInt32(Limit.receiveStride), &arrivals, Int32(Limit.receiveBuffers))
    guard count > 0 else { return 0 }
    counters.receiveBatches &+= 1
    return Int(count)
  }

  /// What is in a buffer; no bytes when it was too large and is to be ignored.
  public mutating func arrival(_ index: Int) -> Arrival {
    let raw = arrivals[index]
    let byteCount = raw.is_truncated == 0 ? Int(raw.byte_count) : 0
    let segmentSize = raw.segment_size == 0 ? byteCount : Int(raw.segment_size)
    if raw.is_truncated != 0 { counters.truncated &+= 1 }
    return Arrival(
      byteCount: byteCount, segmentSize: segmentSize, from: SocketAddress(raw.from), age: .nanoseconds(raw.age))
  }

  /// One datagram of a buffer.
  @_lifetime(&self)
  public mutating func datagram(_ index: Int, _ offset: Int, _ count: Int) -> MutableRawSpan {
    counters.received &+= 1
    return memory.mutableRange(index &* Limit.receiveStride &+ offset, count)
  }

  // MARK: Sending

  /// Adds a run to what `flush` sends.
  ///
  /// - Parameters:
  ///   - offset: where it starts in the memory that `flush` is given.
  ///   - segmentSize: bytes of each datagram but the last; `byteCount` for one datagram.
  public mutating func enqueue(offset: Int, byteCount: Int, segmentSize: Int, to address: SocketAddress) {
    guard byteCount > 0, segmentSize > 0 else { return }
    if segments {
      // Longer runs than the kernel takes are cut here.
      appendRuns(offset, byteCount, segmentSize, segmentSize &* Limit.segmentsPerRun, address)
    } else {
      appendRuns(offset, byteCount, segmentSize, segmentSize, address)
    }
  }

  private mutating func appendRuns(
    _ offset: Int, _ byteCount: Int, _ segmentSize: Int, _ runBytes: Int, _ address: SocketAddress
  ) {
    var done = 0
    while done < byteCount {
      let count = min(runBytes, byteCount &- done)
      departures.append(
        mqvi_departure(
          offset: UInt64(offset &+ done), byte_count: UInt32(count),
          segment_size: count > segmentSize ? UInt16(truncatingIfNeeded: segmentSize) : 0, to: address.raw))
      done &+= count
    }
  }

  /// Sends what was enqueued out of `arena`, and forgets it. What the socket does not take after a short wait is dropped
  /// and counted.
  public mutating func flush(from arena: borrowing Slab) {
    var index = 0
    var retries = 0
    while index < departures.count {
      let result = sendBatch(from: index, arena)
      if result > 0 {
        count(index, Int(result))
        index &+= Int(result)
        continue
      }
      switch -result {
      case EAGAIN, ENOBUFS:
        counters.fullBuffers &+= 1
        retries &+= 1
        guard retries <= Limit.fullBufferRetries else {
          for rest in index..<departures.count { counters.dropped &+= segmentCount(rest) }
          index = departures.count
          continue
        }
        _ = mqvi_wait_writable(descriptor.rawValue, Limit.fullBufferWait)
      case EINVAL, EIO, EMSGSIZE:
        guard departures[index].segment_size != 0 else {
          counters.refused &+= 1
          index &+= 1
          continue
        }
        // EMSGSIZE: this path's MTU is below the segment size. The others: no run will ever pass.
        if -result != EMSGSIZE { segments = false }
        takeApart(index, all: -result != EMSGSIZE)
      default:
        counters.refused &+= segmentCount(index)
        index &+= 1
      }
    }
    departures.removeAll(keepingCapacity: true)
  }

  private func sendBatch(from index: Int, _ arena: borrowing Slab) -> Int32 {
    // Offsets and lengths were given for this arena, whose memory stays while it is borrowed.
    unsafe departures.withUnsafeBufferPointer { records in
      guard let base = records.baseAddress else { return 0 }
      return unsafe mqvi_send_batch(
        descriptor.rawValue, family, arena.unsafeBase, base + index, Int32(records.count - index))
    }
  }

  private mutating func count(_ index: Int, _ sent: Int) {
    for each in index..<(index &+ sent) {
      counters.sentRuns &+= 1
      counters.sent &+= segmentCount(each)
    }
  }

  private func segmentCount(_ index: Int) -> UInt64 {
    let size = UInt64(departures[index].segment_size)
    return size == 0 ? 1 : (UInt64(departures[index].byte_count) + size - 1) / size
  }

  /// Replaces the run at `index`, or that and all behind it, by single datagrams.
  private mutating func takeApart(_ index: Int, all: Bool) {
    let runs = all ? Array(departures[index...]) : [departures[index]]
    let behind = all ? [] : Array(departures[(index + 1)...])
    departures.removeSubrange(index...)
    for run in runs {
      let size = run.segment_size == 0 ? Int(run.byte_count) : Int(run.segment_size)
      if run.segment_size != 0 { counters.unsegmented &+= 1 }
      appendRuns(Int(run.offset), Int(run.byte_count), size, size, SocketAddress(run.to))
    }
    departures += behind
  }
}

extension BoundDatagramSocket {
  consuming func takeDescriptor() -> Descriptor { descriptor }
}
