// What leaves together: the packets of a frame as one run of equal datagrams.

import Bytes
import Chronology
import MediaContract
import Node
import Testing
import Wire

/// One VP8 frame of packets whose payloads have the given sizes, to one viewer.
private final class Frame {
  let stage = Stage()
  let publisher: Client
  let viewer: Client
  private let hasRetransmission: Bool

  init(hasRetransmission: Bool = true) {
    self.hasRetransmission = hasRetransmission
    publisher = stage.join(1)
    viewer = stage.join(2)
    let format =
      hasRetransmission ? Formats.vp8 : PayloadFormat(payloadType: 96, codec: .vp8, clockRate: 90_000)
    stage.publishVideo(10, from: publisher, rids: [""], formats: [format])
    stage.subscribe(
      20, to: 10, on: viewer, formats: [format], ssrc: 5_000, rtxSSRC: hasRetransmission ? 5_001 : nil)
  }

  /// Sends a key frame; returns the runs to the viewer that carried media.
  func send(payloadSizes: [Int]) -> [DepartureRun] {
    let before = stage.runs.count
    for (index, size) in payloadSizes.enumerated() {
      // RFC 7741 §4.2: a descriptor without extension, then the head of a key frame.
      var payload = [UInt8](repeating: 0, count: size)
      payload[0] = index == 0 ? 0x10 : 0
      var extensions = RTPExtensions()
      extensions.mid = ShortString("1") ?? ShortString()
      stage.send(
        makePacket(
          payloadType: 96, sequence: UInt16(100 + index), timestamp: 9_000, ssrc: 77,
          marker: index == payloadSizes.count - 1, payload: payload, extensions: extensions, ids: publisher.ids),
        from: publisher)
    }
    stage.run(for: .milliseconds(40))
    return stage.runs[before...].filter { $0.path == viewer.path && $0.byteCount > payloadSizes.reduce(0, +) / 8 }
  }
}

@Suite struct RunTests {
  @Test func `a frame in pieces that differ by a byte leaves as one run`() {
    let frame = Frame()
    let runs = frame.send(payloadSizes: [1_000, 1_001, 1_000, 1_001, 1_000])
    #expect(runs.map(\.segmentCount) == [5])
  }

  @Test func `padding is not part of the payload`() {
    let frame = Frame()
    _ = frame.send(payloadSizes: [1_000, 1_001, 1_000, 1_001, 1_000])
    #expect(frame.viewer.packets.map(\.payload.count) == [1_000, 1_001, 1_000, 1_001, 1_000])
    #expect(frame.viewer.packets.map(\.header.paddingByteCount) == [1, 0, 1, 0, 0])
  }

  @Test func `pieces of very different size are left as they are`() {
    let frame = Frame()
    _ = frame.send(payloadSizes: [500, 1_000, 400])
    #expect(frame.viewer.packets.map(\.header.paddingByteCount) == [0, 0, 0])
  }

  @Test func `without a stream for retransmissions a frame is levelled too`() {
    let frame = Frame(hasRetransmission: false)
    let runs = frame.send(payloadSizes: [1_000, 1_001, 1_000])
    #expect(runs.map(\.segmentCount) == [3])
    #expect(frame.viewer.packets.map(\.header.paddingByteCount) == [1, 0, 0])
  }
}
