// UDP over loopback, with and without the kernel's help for runs.

import Bytes
import Chronology
import Randomness
import Reactor
import TestSupport
import Testing
import Wire

@testable import EventLoops

@Suite struct DatagramSocketTests {
  private static let loopback = SocketAddress(v4: 0x7F00_0001, port: 0)

  /// Takes datagrams until `count` are there or patience ends.
  private func collect(_ count: Int, from socket: inout DatagramSocket) throws -> [(
    bytes: [UInt8], from: SocketAddress
  )] {
    var poller = try Poller()
    try poller.add(socket.readable, token: 0)
    let deadline = Clock.now() + patience
    var result: [(bytes: [UInt8], from: SocketAddress)] = []
    while result.count < count, Clock.now() < deadline {
      _ = poller.wait(deadline - Clock.now())
      for index in 0..<socket.receive() {
        let arrival = socket.arrival(index)
        var offset = 0
        while offset < arrival.byteCount {
          let size = min(arrival.segmentSize, arrival.byteCount - offset)
          let datagram = socket.datagram(index, offset, size)
          result.append((datagram.bytes.toArray(), arrival.from))
          offset += size
        }
      }
    }
    return result
  }

  /// Sends runs of random shapes and returns the datagrams that must arrive, in order.
  private func sendRuns(
    _ count: Int, from socket: inout DatagramSocket, to address: SocketAddress, _ random: inout Random
  ) -> [[UInt8]] {
    var arena = Slab(slotCount: 1, stride: 1 << 20)
    var end = 0
    var expected: [[UInt8]] = []
    for _ in 0..<count {
      let segmentSize = Int.random(in: 1...1300, using: &random)
      let segments = Int.random(in: 1...20, using: &random)
      let last = Int.random(in: 1...segmentSize, using: &random)
      let byteCount = segmentSize * (segments - 1) + last
      let bytes = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
      var space = arena.mutableRange(end, byteCount)
      space.copy(bytes.rawSpan, to: 0)
      socket.enqueue(offset: end, byteCount: byteCount, segmentSize: segmentSize, to: address)
      for start in stride(from: 0, to: byteCount, by: segmentSize) {
        expected.append(Array(bytes[start..<min(start + segmentSize, byteCount)]))
      }
      end += byteCount
    }
    socket.flush(from: arena)
    return expected
  }

  @Test(arguments: [true, false], [true, false])
  func `runs arrive as the datagrams that they were made of`(sends: Bool, receives: Bool) throws {
    try forEachSeed(20) { seed, random in
      let receiving = try BoundDatagramSocket(Self.loopback, bufferBytes: 1 << 22)
      let target = receiving.address
      var receiver = DatagramSocket(receiving, coalesces: receives)
      let sending = try BoundDatagramSocket(Self.loopback, bufferBytes: 1 << 22)
      let source = sending.address
      var sender = DatagramSocket(sending, coalesces: sends)
      let expected = sendRuns(Int.random(in: 1...8, using: &random), from: &sender, to: target, &random)
      let arrived = try collect(expected.count, from: &receiver)
      #expect(arrived.map(\.bytes) == expected, "seed \(seed)")
      #expect(arrived.allSatisfy { $0.from == source }, "seed \(seed)")
      let sent = sender.counters.sent
      #expect(sent == UInt64(expected.count), "seed \(seed)")
    }
  }

  @Test func `a run longer than the kernel cuts is sent as several`() throws {
    let receiving = try BoundDatagramSocket(Self.loopback, bufferBytes: 1 << 22)
    let target = receiving.address
    var receiver = DatagramSocket(receiving)
    var sender = DatagramSocket(try BoundDatagramSocket(Self.loopback, bufferBytes: 1 << 22))
    let arena = Slab(slotCount: 1, stride: 1 << 16)
    sender.enqueue(offset: 0, byteCount: 150 * 100, segmentSize: 100, to: target)
    sender.flush(from: arena)
    let arrived = try collect(150, from: &receiver)
    #expect(arrived.map(\.bytes.count) == Array(repeating: 100, count: 150))
    let (segments, runs) = (sender.segments, sender.counters.sentRuns)
    if segments { #expect(runs == 3) }
  }

  @Test func `a dual-stack socket hears IPv4 and answers it`() throws {
    let both = try BoundDatagramSocket(.any(port: 0), bufferBytes: 1 << 20)
    let port = both.address.port
    var server = DatagramSocket(both)
    var client = DatagramSocket(try BoundDatagramSocket(Self.loopback, bufferBytes: 1 << 20))
    let arena = Slab(slotCount: 1, stride: 64)
    client.enqueue(offset: 0, byteCount: 10, segmentSize: 10, to: Self.loopback.withPort(port))
    client.flush(from: arena)
    let asked = try collect(1, from: &server)
    try #require(asked.count == 1)
    #expect(asked[0].from.isIPv4)
    server.enqueue(offset: 0, byteCount: 20, segmentSize: 20, to: asked[0].from)
    server.flush(from: arena)
    let answered = try collect(1, from: &client)
    #expect(answered.first?.bytes.count == 20)
  }

  @Test func `what the kernel refuses is counted and the rest goes out`() throws {
    let receiving = try BoundDatagramSocket(Self.loopback, bufferBytes: 1 << 20)
    let target = receiving.address
    var receiver = DatagramSocket(receiving)
    var sender = DatagramSocket(try BoundDatagramSocket(Self.loopback, bufferBytes: 1 << 20))
    let arena = Slab(slotCount: 1, stride: 64)
    // Port 0 can be sent to by nobody (EINVAL).
    sender.enqueue(offset: 0, byteCount: 10, segmentSize: 10, to: target.withPort(0))
    sender.enqueue(offset: 0, byteCount: 20, segmentSize: 20, to: target)
    sender.flush(from: arena)
    let arrived = try collect(1, from: &receiver)
    #expect(arrived.first?.bytes.count == 20)
    let refused = sender.counters.refused
    #expect(refused == 1)
  }

  @Test func `a port in use is named in the error`() throws {
    let first = try BoundDatagramSocket(Self.loopback, bufferBytes: 1 << 16)
    let address = first.address
    let error = #expect(throws: SystemError.self) { _ = try BoundDatagramSocket(address, bufferBytes: 1 << 16) }
    #expect(error?.description == "listen on UDP \(address): Address already in use")
  }
}
