import Bytes
import Randomness
import TestSupport
import Testing
import Wire

@Suite struct `Frames in a byte stream` {
  private func push(_ bytes: [UInt8], _ splitter: inout FrameSplitter) throws(WireError) -> [[UInt8]] {
    var frames: [[UInt8]] = []
    try splitter.push(bytes.rawSpan) { frames.append($0.toArray()) }
    return frames
  }

  @Test func `frames survive whatever pieces the stream comes in`() throws {
    try forEachSeed { seed, random in
      let sent = (0..<10).map { _ in random.bytes(1 + Int(random.next() % 300)) }
      var stream: [UInt8] = []
      for frame in sent {
        stream += try written {
          FrameSplitter.writeHead(frame.count, into: &$0, at: 0)
          return FrameSplitter.headByteCount
        }
        stream += frame
      }
      var splitter = FrameSplitter(maximum: 300)
      var received: [[UInt8]] = []
      while !stream.isEmpty {
        let piece = Array(stream.prefix(1 + Int(random.next() % (random.chance(0.5) ? 3 : 400))))
        stream.removeFirst(piece.count)
        received += try push(piece, &splitter)
      }
      #expect(received == sent, "seed \(seed)")
    }
  }

  @Test func `empty frames are passed over`() throws {
    var splitter = FrameSplitter(maximum: 10)
    #expect(try push([0, 0, 0, 1, 9, 0, 0], &splitter) == [[9]])
  }

  @Test func `a frame beyond the maximum ends the stream for good`() throws {
    var splitter = FrameSplitter(maximum: 10)
    #expect(try push([0, 10] + [UInt8](repeating: 1, count: 10), &splitter).count == 1)
    #expect(throws: WireError.tooMany) { _ = try push([0, 11, 1], &splitter) }
    #expect(throws: WireError.tooMany) { _ = try push([0, 1, 1], &splitter) }
  }

  @Test func `a length that comes in two pieces is checked as well`() throws {
    var splitter = FrameSplitter(maximum: 10)
    #expect(try push([0], &splitter).isEmpty)
    #expect(throws: WireError.tooMany) { _ = try push([11], &splitter) }
  }
}
