// Requests for a key frame: picture loss indication (RFC 4585 §6.3.1) and full intra request (RFC 5104 §4.3.1).

import Bytes

/// "Some of the picture is lost": asks the encoder of one stream for a key frame.
public struct PictureLossIndication: Sendable, Hashable {
  public var senderSSRC: UInt32
  public var mediaSSRC: UInt32

  public static let byteCount = 12

  @inlinable
  public init(senderSSRC: UInt32, mediaSSRC: UInt32) {
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
  }

  /// Throws `.otherType` unless `packet` is a picture loss indication, `.truncated` without a media source.
  @inlinable
  public init(_ packet: borrowing RTCPPacket) throws(WireError) {
    guard packet.kind == .pictureLossIndication else { throw .otherType }
    guard packet.bytes.byteCount >= PictureLossIndication.byteCount else { throw .truncated }
    senderSSRC = packet.bytes.uint32(at: 4)
    mediaSSRC = packet.bytes.uint32(at: 8)
  }

  /// Writes the request at `offset` and returns the bytes written.
  @inlinable
  public func write(into span: inout MutableRawSpan, at offset: Int) throws(WireError) -> Int {
    let byteCount = PictureLossIndication.byteCount
    try span.requireRoom(byteCount, at: offset)
    span.storeRTCPHeader(count: 1, type: RTCPType.payloadFeedback, byteCount: byteCount, at: offset)
    span.store32(senderSSRC, at: offset &+ 4)
    span.store32(mediaSSRC, at: offset &+ 8)
    return byteCount
  }
}

/// "Send a decoder refresh point": one request for each of several streams.
public struct FullIntraRequest: ~Escapable {
  public let senderSSRC: UInt32
  @usableFromInline let entries: RawSpan

  /// Bytes in front of the entries, and bytes of an entry.
  public static let headByteCount = 12
  public static let entryByteCount = 8

  /// One stream that is asked for a key frame.
  public struct Entry: Sendable, Hashable {
    public var mediaSSRC: UInt32
    /// Counts the requests of one sender to one stream; a repetition carries the same number.
    public var sequenceNumber: UInt8

    @inlinable
    public init(mediaSSRC: UInt32, sequenceNumber: UInt8) {
      self.mediaSSRC = mediaSSRC
      self.sequenceNumber = sequenceNumber
    }
  }

  /// Throws `.otherType` unless `packet` is a full intra request, `.truncated` without a media source.
  @inlinable
  @_lifetime(copy packet)
  public init(_ packet: borrowing RTCPPacket) throws(WireError) {
    guard packet.kind == .fullIntraRequest else { throw .otherType }
    let bytes = packet.bytes
    guard bytes.byteCount >= FullIntraRequest.headByteCount else { throw .truncated }
    senderSSRC = bytes.uint32(at: 4)
    entries = bytes.slice(FullIntraRequest.headByteCount, bytes.byteCount &- FullIntraRequest.headByteCount)
  }

  @inlinable public var count: Int { entries.byteCount / FullIntraRequest.entryByteCount }

  /// The entry at `index`, which must be below `count`.
  @inlinable
  public subscript(index: Int) -> Entry {
    let at = index &* FullIntraRequest.entryByteCount
    return Entry(mediaSSRC: entries.uint32(at: at), sequenceNumber: entries.byte(at: at &+ 4))
  }

  /// Writes a request for one stream at `offset` and returns the bytes written.
  @inlinable
  public static func write(
    senderSSRC: UInt32, _ entry: Entry, into span: inout MutableRawSpan, at offset: Int
  ) throws(WireError) -> Int {
    let byteCount = headByteCount &+ entryByteCount
    try span.requireRoom(byteCount, at: offset)
    span.storeRTCPHeader(count: 4, type: RTCPType.payloadFeedback, byteCount: byteCount, at: offset)
    span.store32(senderSSRC, at: offset &+ 4)
    // RFC 5104 §4.3.1.2: the media source of the common part is not used and is zero.
    span.store32(0, at: offset &+ 8)
    span.store32(entry.mediaSSRC, at: offset &+ 12)
    span.store32(UInt32(entry.sequenceNumber) << 24, at: offset &+ 16)
    return byteCount
  }
}
