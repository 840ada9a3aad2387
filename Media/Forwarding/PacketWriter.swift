// Lays a stored packet out anew for one subscriber: own header, own extension ids, own picture numbers, same payload.

import Bytes
import MediaContract
import Streams
import Wire

/// What a subscription's packets have in common.
public struct OutgoingHeader: Sendable {
  public var ssrc: UInt32
  public var payloadType: UInt8
  public var ids: HeaderExtensionIDs
  /// Empty once the subscriber has shown that it knows the stream.
  public var mid: ShortString

  @inlinable
  public init(ssrc: UInt32, payloadType: UInt8, ids: HeaderExtensionIDs, mid: ShortString) {
    self.ssrc = ssrc
    self.payloadType = payloadType
    self.ids = ids
    self.mid = mid
  }
}

/// What is stamped on a packet when it leaves.
public struct DepartureStamp: Sendable {
  /// Nil when the subscriber did not negotiate transport-wide feedback.
  public var transportSequence: UInt16?
  /// Abs-send-time, 24 bits.
  public var absoluteSendTime: UInt32?

  @inlinable
  public init(transportSequence: UInt16? = nil, absoluteSendTime: UInt32? = nil) {
    self.transportSequence = transportSequence
    self.absoluteSendTime = absoluteSendTime
  }
}

/// How one packet is numbered for one subscriber.
public struct OutgoingPacket: Sendable {
  public var sequenceNumber: UInt16
  public var timestamp: UInt32
  public var marker: Bool
  public var rewrite: PacketRewrite
  /// Part of the stored packet that is the payload: all of it, or the primary block of RED.
  public var payload: ByteRange
  /// RFC 4588: the sequence number that the packet had, in front of its payload.
  public var originalSequenceNumber: UInt16?

  @inlinable
  public init(
    sequenceNumber: UInt16, timestamp: UInt32, marker: Bool, rewrite: PacketRewrite, payload: ByteRange,
    originalSequenceNumber: UInt16? = nil
  ) {
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
    self.marker = marker
    self.rewrite = rewrite
    self.payload = payload
    self.originalSequenceNumber = originalSequenceNumber
  }
}

extension OutgoingPacket {
  /// Whether the payload must be copied and changed before it is sealed.
  @inlinable
  public func changesPayload(of info: PacketInfo) -> Bool {
    originalSequenceNumber != nil || (info.picture != PictureFields() && rewrite.changesPicture)
  }
}

extension PacketRewrite {
  @inlinable
  var changesPicture: Bool { pictureIDOffset != 0 || tl0PictureIndexOffset != 0 || keyIndexOffset != 0 }
}

public enum PacketWriter {
  /// Writes the header of a stored packet for a subscriber.
  ///
  /// - Parameters:
  ///   - info: what is known of the packet, from its record.
  ///   - stored: the packet's bytes in its history.
  /// - Returns: bytes written, or nil when they do not fit or the payload lies outside `stored`.
  @inlinable
  public static func writeHeader(
    _ outgoing: OutgoingPacket, _ info: PacketInfo, stored: RawSpan, _ header: OutgoingHeader, _ stamp: DepartureStamp,
    into target: inout MutableRawSpan
  ) -> Int? {
    guard outgoing.payload.end <= stored.byteCount else { return nil }
    let fields = RTPFields(
      marker: outgoing.marker, payloadType: header.payloadType, sequenceNumber: outgoing.sequenceNumber,
      timestamp: outgoing.timestamp, ssrc: header.ssrc)
    let extensions = extensions(info, stored: stored, header, stamp)
    return layOut(fields, extensions, header.ids, info, stored, into: &target)?.headerByteCount
  }

  /// Copies the payload behind the header and makes the changes that it needs.
  ///
  /// - Parameter start: bytes of the header.
  /// - Returns: bytes of the whole packet, or nil when they do not fit.
  @inlinable
  public static func writePayload(
    _ outgoing: OutgoingPacket, _ info: PacketInfo, stored: RawSpan, into target: inout MutableRawSpan, at start: Int
  ) -> Int? {
    let head = outgoing.originalSequenceNumber == nil ? 0 : RetransmissionPayload.headByteCount
    let end = start &+ head &+ outgoing.payload.count
    guard end <= target.byteCount, outgoing.payload.end <= stored.byteCount else { return nil }
    if let original = outgoing.originalSequenceNumber {
      RetransmissionPayload.write(original, into: &target, at: start)
    }
    target.copy(stored.slice(outgoing.payload), to: start &+ head)
    info.picture.patch(outgoing.rewrite, into: &target, payloadAt: start &+ head)
    return end
  }

  /// Adds padding behind a packet that ends at `end` (RFC 3550 §5.1, P bit): zeros, and their number at last.
  ///
  /// - Parameter count: 0 leaves the packet as it is.
  /// - Returns: bytes of the whole packet; traps when they do not fit.
  @inlinable
  public static func pad(_ packet: inout MutableRawSpan, from end: Int, by count: UInt8) -> Int {
    guard count > 0 else { return end }
    let padded = end &+ Int(count)
    var offset = end
    while offset &+ 8 < padded {
      packet.store64(0, at: offset)
      offset &+= 8
    }
    while offset < padded &- 1 {
      packet.store(0, at: offset)
      offset &+= 1
    }
    packet.store(count, at: padded &- 1)
    packet.store(packet.byte(at: 0) | 0x20, at: 0)
    return padded
  }

  /// Writes a packet without content that fills a number: one padding block (RFC 3550 §5.1, P bit).
  @inlinable
  public static func writePadding(
    sequenceNumber: UInt16, timestamp: UInt32, _ header: OutgoingHeader, _ stamp: DepartureStamp,
    paddingByteCount: UInt8 = 1, into target: inout MutableRawSpan
  ) -> Int? {
    let fields = RTPFields(
      marker: false, payloadType: header.payloadType, sequenceNumber: sequenceNumber, timestamp: timestamp,
      ssrc: header.ssrc)
    var extensions = RTPExtensions()
    extensions.transportSequence = stamp.transportSequence
    extensions.absoluteSendTime = stamp.absoluteSendTime
    do throws(WireError) {
      let layout = try RTPHeaderWriter.write(fields, extensions, ids: header.ids, into: &target)
      let end = layout.headerByteCount &+ Int(paddingByteCount)
      guard paddingByteCount > 0, end <= target.byteCount else { return nil }
      for offset in layout.headerByteCount..<(end &- 1) { target.store(0, at: offset) }
      target.store(paddingByteCount, at: end &- 1)
      target.store(target.byte(at: 0) | 0x20, at: 0)
      return end
    } catch {
      return nil
    }
  }

  @inlinable
  static func layOut(
    _ fields: RTPFields, _ extensions: RTPExtensions, _ ids: HeaderExtensionIDs, _ info: PacketInfo, _ stored: RawSpan,
    into target: inout MutableRawSpan
  ) -> RTPHeaderLayout? {
    let descriptor = info.dependencies
    let end = Int(descriptor.descriptorOffset) &+ Int(descriptor.descriptorByteCount)
    do throws(WireError) {
      guard ids.dependencyDescriptor != 0, descriptor.descriptorByteCount > 0, end <= stored.byteCount else {
        return try RTPHeaderWriter.write(fields, extensions, ids: ids, into: &target)
      }
      let bytes = stored.slice(Int(descriptor.descriptorOffset), Int(descriptor.descriptorByteCount))
      return try RTPHeaderWriter.write(fields, extensions, ids: ids, dependencyDescriptor: bytes, into: &target)
    } catch {
      return nil
    }
  }

  /// The extensions that the subscriber gets: what the publisher sent, less what is ours to say.
  @inlinable
  static func extensions(
    _ info: PacketInfo, stored: RawSpan, _ header: OutgoingHeader, _ stamp: DepartureStamp
  ) -> RTPExtensions {
    let source = info.extensions
    var result = RTPExtensions()
    result.mid = header.mid
    result.transportSequence = stamp.transportSequence
    result.absoluteSendTime = stamp.absoluteSendTime
    if source.audioLevel != ForwardedExtensions.absent {
      result.audioLevel = AudioLevel(
        level: UInt8(truncatingIfNeeded: source.audioLevel & 0x7F), isVoice: source.audioLevel & 0x80 != 0)
    }
    if source.videoOrientation != ForwardedExtensions.absent {
      result.videoOrientation = UInt8(truncatingIfNeeded: source.videoOrientation)
    }
    if source.playoutDelay != .max {
      result.playoutDelay = PlayoutDelay(
        minimum: UInt16(truncatingIfNeeded: source.playoutDelay >> 12),
        maximum: UInt16(truncatingIfNeeded: source.playoutDelay & 0xFFF))
    }
    let at = Int(source.captureTimeOffset)
    let count = Int(source.captureTimeByteCount)
    if header.ids.absoluteCaptureTime != 0, count >= 8, at &+ count <= stored.byteCount {
      result.absoluteCaptureTime = AbsoluteCaptureTime(
        timestamp: stored.uint64(at: at),
        clockOffset: count >= 16 ? Int64(bitPattern: stored.uint64(at: at &+ 8)) : nil)
    }
    return result
  }
}
