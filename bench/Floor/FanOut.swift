// Seals and sends bursts to many sockets in time, and reads off what the thread used.

import CLinux
import COpenSSL
import Chronology
import Glibc
import Reactor
import Synchronization
import Wire

/// Takes what arrives on all receiving sockets off the kernel's hands, on a thread of its own whose time does not count.
private final class Sink: Sendable {
  let isStopped = Atomic(false)
}

final class FanOut {
  private let options: Options
  private let socket: Int32
  private var departures: [mqvi_departure] = []
  private let memory: UnsafeMutableRawPointer
  private let payload: [UInt8]
  private let gcm: OpaquePointer
  private var vector = [UInt8](repeating: 7, count: 12)
  private let sink = Sink()
  private let worker: Worker
  private static let headerByteCount = 28
  private static let tagByteCount = 16

  init?(_ options: Options) {
    self.options = options
    let key = [UInt8](repeating: 3, count: 16)
    guard let socket = Self.open(), let gcm = mqvi_gcm_new_by_openssl(key, 16, 1) else { return nil }
    self.socket = socket
    self.gcm = gcm
    payload = [UInt8](
      repeating: 0x5A, count: max(1, options.byteCount - Self.headerByteCount - Self.tagByteCount))
    memory = .allocate(byteCount: options.destinations * options.burst * options.byteCount, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0x90, count: 1)
    var receivers: [Int32] = []
    for index in 0..<options.destinations {
      guard let receiver = Self.open() else { return nil }
      receivers.append(receiver)
      var address = mqvi_address()
      _ = mqvi_local_address(receiver, &address)
      departures.append(
        mqvi_departure(
          offset: UInt64(index * options.burst * options.byteCount),
          byte_count: UInt32(options.burst * options.byteCount), segment_size: UInt16(options.byteCount), to: address))
    }
    let sink = sink
    let sockets = receivers
    guard let worker = try? Worker(name: "sink", core: nil, { Self.drain(sockets, sink) }) else { return nil }
    self.worker = worker
  }

  private static func open() -> Int32? {
    var address = SocketAddress(v4: 0x7F00_0001, port: 0).raw
    let descriptor = mqvi_open_datagram(AF_INET, &address, 4 << 20)
    return descriptor < 0 ? nil : descriptor
  }

  private static func drain(_ sockets: [Int32], _ sink: Sink) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 64 * 2_048, alignment: 64)
    defer { memory.deallocate() }
    var arrivals = [mqvi_arrival](repeating: mqvi_arrival(), count: 64)
    while !sink.isStopped.load(ordering: .relaxed) {
      for socket in sockets {
        while mqvi_receive_batch(socket, memory, 2_048, &arrivals, 64) == 64 {}
      }
      usleep(5_000)
    }
  }

  /// Microseconds of this thread for each packet.
  func run(segments: Bool) -> Double {
    let bursts = options.rate * options.seconds
    let pause = Interval(nanoseconds: 1_000_000_000 / Int64(options.rate))
    let list = segments ? departures : departures.flatMap { apart($0) }
    let start = Self.threadTime()
    var next = Clock.now()
    for _ in 0..<bursts {
      sealAll()
      send(list)
      next += pause
      let left = next - Clock.now()
      if left > .zero { usleep(UInt32(left.microseconds)) } else { next = Clock.now() }
    }
    let used = Self.threadTime() - start
    return used * 1e6 / Double(bursts * options.destinations * options.burst)
  }

  private func apart(_ run: mqvi_departure) -> [mqvi_departure] {
    (0..<options.burst).map { index in
      mqvi_departure(
        offset: run.offset + UInt64(index * options.byteCount), byte_count: UInt32(options.byteCount), segment_size: 0,
        to: run.to)
    }
  }

  /// From the one stored payload to behind each datagram's header: the copy and the cipher in one.
  private func sealAll() {
    for packet in 0..<(options.destinations * options.burst) {
      vector[3] &+= 1
      let target = (memory + packet * options.byteCount).assumingMemoryBound(to: UInt8.self)
      _ = mqvi_gcm_seal(
        gcm, vector, target, Int32(Self.headerByteCount), nil, 0, payload, Int32(payload.count),
        target + Self.headerByteCount)
    }
  }

  private func send(_ list: [mqvi_departure]) {
    var sent = 0
    list.withUnsafeBufferPointer { records in
      guard let base = records.baseAddress else { return }
      while sent < records.count {
        let count = mqvi_send_batch(socket, AF_INET, memory, base + sent, Int32(records.count - sent))
        guard count > 0 else { return }
        sent += Int(count)
      }
    }
  }

  /// Seconds that the calling thread has run.
  private static func threadTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
