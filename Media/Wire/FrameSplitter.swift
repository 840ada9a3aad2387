// Datagrams over a byte stream (RFC 4571): each behind its length in two bytes.

import Bytes

/// Cuts a TCP stream into the datagrams that it carries.
public struct FrameSplitter: Sendable {
  /// A frame that has begun: its length field and the bytes so far.
  private var partial: [UInt8] = []
  /// The longest frame that is accepted, in bytes without the length field.
  public let maximum: Int

  /// Bytes of the length field.
  public static let headByteCount = 2

  /// - Parameter maximum: 1…65535. The splitter never holds more than this and the length field.
  public init(maximum: Int) {
    precondition((1...0xFFFF).contains(maximum), "frames have 1 to 65535 bytes")
    self.maximum = maximum
  }

  /// Takes the next bytes of the stream and hands each frame that they complete to `body`. Empty frames are passed over.
  ///
  /// - Throws: `.tooMany` for a frame longer than the maximum. The place of the next one is then unknown: the
  ///   connection must be closed, and the splitter refuses everything that follows.
  public mutating func push(_ bytes: RawSpan, _ body: (RawSpan) -> Void) throws(WireError) {
    var offset = 0
    while offset < bytes.byteCount {
      if partial.isEmpty, bytes.byteCount - offset >= FrameSplitter.headByteCount {
        // The common case: a frame that is all there is handed over without a copy.
        let count = Int(bytes.uint16(at: offset))
        guard count <= maximum else { throw refuse() }
        if bytes.byteCount - offset >= FrameSplitter.headByteCount + count {
          if count > 0 { body(bytes.slice(offset + FrameSplitter.headByteCount, count)) }
          offset += FrameSplitter.headByteCount + count
          continue
        }
      }
      try collect(bytes, &offset, body)
    }
  }

  /// Adds to the frame that has begun, up to its end.
  private mutating func collect(_ bytes: RawSpan, _ offset: inout Int, _ body: (RawSpan) -> Void) throws(WireError) {
    while partial.count < FrameSplitter.headByteCount, offset < bytes.byteCount {
      partial.append(bytes.byte(at: offset))
      offset += 1
    }
    guard partial.count >= FrameSplitter.headByteCount else { return }
    let count = Int(partial[0]) << 8 | Int(partial[1])
    guard count <= maximum else { throw refuse() }
    let taken = min(FrameSplitter.headByteCount + count - partial.count, bytes.byteCount - offset)
    partial.append(contentsOf: bytes.slice(offset, taken).toArray())
    offset += taken
    guard partial.count == FrameSplitter.headByteCount + count else { return }
    if count > 0 { body(partial.rawSpan.slice(FrameSplitter.headByteCount, count)) }
    partial.removeAll(keepingCapacity: true)
  }

  /// Leaves a length that is too large behind, so that every later push fails too.
  private mutating func refuse() -> WireError {
    partial = [0xFF, 0xFF]
    return .tooMany
  }

  /// Writes the length field of a frame of `count` bytes (0…65535) at `offset`.
  public static func writeHead(_ count: Int, into span: inout MutableRawSpan, at offset: Int) {
    span.store16(UInt16(count), at: offset)
  }
}
