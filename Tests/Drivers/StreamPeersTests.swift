// ICE over TCP: framing, proof by the first frame, and connections that do not behave.

import Bytes
import Chronology
import Reactor
import Testing
import Wire

@testable import EventLoops

/// The shard's side, driven by hand so that time is ours.
private struct Side: ~Copyable {
  var poller: Poller
  var peers: StreamPeers
  let port: UInt16
  let start: Instant

  init() throws {
    let listener = try Listener(SocketAddress(v4: 0x7F00_0001, port: 0))
    let port = listener.address.port
    let poller = try Poller()
    try poller.add(listener.descriptor.rawValue, token: 1 << 40)
    self.poller = poller
    self.port = port
    start = Clock.now()
    peers = StreamPeers(listener)
  }

  /// One wait, with `now` later than the start by `later`; the frames that came, and on which connection.
  mutating func turn(later: Interval = .zero, wait: Interval = patience) -> (number: UInt32, frames: [[UInt8]]) {
    let now = start + later
    var result: (number: UInt32, frames: [[UInt8]]) = (0, [])
    for index in 0..<poller.wait(wait) {
      let ready = poller[index]
      guard ready.token != 1 << 40 else {
        peers.accept(&poller, at: now)
        continue
      }
      let number = UInt32(ready.token)
      result.number = number
      if ready.isWritable { peers.write(number, &poller, at: now) }
      guard ready.isReadable || ready.isBroken else { continue }
      _ = peers.read(number, &poller, at: now)
      for frame in 0..<peers.frames.count { result.frames.append(peers.frames.bytes(frame).toArray()) }
    }
    return result
  }

  /// Turns until `count` frames have come.
  mutating func frames(_ count: Int) -> (number: UInt32, frames: [[UInt8]]) {
    var all: (number: UInt32, frames: [[UInt8]]) = (0, [])
    let deadline = Clock.now() + patience
    while all.frames.count < count, Clock.now() < deadline {
      let (number, frames) = turn()
      if number != 0 { all.number = number }
      all.frames += frames
    }
    return all
  }
}

private func expectEmpty(_ side: borrowing Side, _ isEmpty: Bool, at location: SourceLocation = #_sourceLocation) {
  let found = side.peers.isEmpty
  #expect(found == isEmpty, sourceLocation: location)
}

/// The head of a STUN binding request, as far as the listener looks.
private let binding: [UInt8] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42] + [UInt8](repeating: 7, count: 12)

private func framed(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes }

@Suite struct StreamPeersTests {
  @Test func `frames arrive whole however slowly they come`() throws {
    var side = try Side()
    let client = try Client(port: side.port)
    _ = side.turn()
    let packet = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
    var frames: [[UInt8]] = []
    for byte in framed(binding) + framed(packet) {
      client.send([byte])
      frames += side.turn().frames
    }
    #expect(frames == [binding, packet])
  }

  @Test func `packets go back as frames`() throws {
    var side = try Side()
    let client = try Client(port: side.port)
    client.send(framed(binding))
    let (number, _) = side.frames(1)
    let packet = [UInt8](repeating: 9, count: 1200)
    for _ in 0..<10 { side.peers.send(packet.rawSpan, to: number, &side.poller, at: side.start) }
    client.read { $0.count >= 12_020 }
    #expect(client.input == Array((0..<10).map { _ in framed(packet) }.joined()))
  }

  @Test func `a connection that begins with something else is closed`() throws {
    var side = try Side()
    let client = try Client(port: side.port)
    _ = side.turn()
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    while side.peers.counters.notICE == 0 {
      let frames = side.turn().frames
      #expect(frames.isEmpty)
    }
    #expect(client.readToEnd())
    expectEmpty(side, true)
  }

  @Test func `a connection that says nothing is closed when its time is over`() throws {
    var side = try Side()
    let client = try Client(port: side.port)
    _ = side.turn()
    side.peers.sweep(&side.poller, at: side.start + Limit.firstFrameTime)
    expectEmpty(side, false)
    side.peers.sweep(&side.poller, at: side.start + Limit.firstFrameTime + .milliseconds(1))
    expectEmpty(side, true)
    #expect(client.readToEnd())
  }

  @Test func `a proven connection that falls silent is closed`() throws {
    var side = try Side()
    let client = try Client(port: side.port)
    client.send(framed(binding))
    _ = side.frames(1)
    side.peers.sweep(&side.poller, at: side.start + .seconds(30))
    expectEmpty(side, false)
    side.peers.sweep(&side.poller, at: side.start + Limit.streamIdle + .seconds(1))
    expectEmpty(side, true)
    #expect(client.readToEnd())
  }

  @Test func `a reader that does not read loses packets and nothing grows`() throws {
    var side = try Side()
    let client = try Client(port: side.port)
    client.send(framed(binding))
    let (number, _) = side.frames(1)
    let packet = [UInt8](repeating: 9, count: 1200)
    // More than any socket buffer and the queue together.
    for _ in 0..<20_000 { side.peers.send(packet.rawSpan, to: number, &side.poller, at: side.start) }
    let dropped = side.peers.counters.dropped
    #expect(dropped > 0)
    side.peers.sweep(&side.poller, at: side.start + Limit.streamStall + .seconds(1))
    expectEmpty(side, true)
  }

  @Test func `the number of a closed connection belongs to nobody`() throws {
    var side = try Side()
    let number: UInt32
    do {
      let client = try Client(port: side.port)
      client.send(framed(binding))
      number = side.frames(1).number
    }
    while !side.peers.isEmpty { _ = side.turn() }
    let next = try Client(port: side.port)
    next.send(framed(binding))
    let following = side.frames(1).number
    #expect(following != number)
    side.peers.send(binding.rawSpan, to: number, &side.poller, at: side.start)
    let dropped = side.peers.counters.dropped
    #expect(dropped == 1)
  }
}
