// Lays out the header of a packet that we send: fixed part, header extension, and where the late fields are.

import Bytes
import MediaContract

/// The fields of the fixed header of a packet that we send. We never add contributing sources: an SFU does not mix.
public struct RTPFields: Sendable, Hashable {
  public var marker: Bool
  /// 0…127.
  public var payloadType: UInt8
  public var sequenceNumber: UInt16
  public var timestamp: UInt32
  public var ssrc: UInt32

  @inlinable
  public init(marker: Bool, payloadType: UInt8, sequenceNumber: UInt16, timestamp: UInt32, ssrc: UInt32) {
    self.marker = marker
    self.payloadType = payloadType
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
    self.ssrc = ssrc
  }
}

/// What a header that was written looks like.
public struct RTPHeaderLayout: Sendable, Hashable {
  /// The payload starts here.
  public var headerByteCount: Int
  /// Where the 16 bits of the transport-wide sequence number stand, counted from the packet's start; nil without one.
  public var transportSequenceOffset: Int?
  /// Where the 24 bits of abs-send-time stand, counted from the packet's start; nil without them.
  public var absoluteSendTimeOffset: Int?

  @inlinable
  public init(headerByteCount: Int, transportSequenceOffset: Int? = nil, absoluteSendTimeOffset: Int? = nil) {
    self.headerByteCount = headerByteCount
    self.transportSequenceOffset = transportSequenceOffset
    self.absoluteSendTimeOffset = absoluteSendTimeOffset
  }
}

extension RTPPatch {
  /// Writes the transport-wide sequence number at the offset that `RTPHeaderLayout` named.
  @inlinable @inline(__always)
  public static func transportSequence(_ value: UInt16, at offset: Int, in packet: inout MutableRawSpan) {
    packet.store16(value, at: offset)
  }

  /// Writes abs-send-time (the low 24 bits of `value`) at the offset that `RTPHeaderLayout` named.
  @inlinable @inline(__always)
  public static func absoluteSendTime(_ value: UInt32, at offset: Int, in packet: inout MutableRawSpan) {
    packet.store24(value, at: offset)
  }
}

/// Writes headers into packet memory.
public struct RTPHeaderWriter: Sendable {
  @usableFromInline var form: HeaderExtensionForm
  /// The next free byte, counted from the packet's start.
  @usableFromInline var offset: Int

  /// Writes the header of a packet that starts at the span's start.
  ///
  /// Writes each extension that has a value in `extensions` and an id in `ids`; an empty span for the dependency
  /// descriptor leaves it out. Takes the one-byte form whenever ids and lengths allow it.
  ///
  /// - Parameter dependencyDescriptor: at most 255 bytes, copied; `extensions.dependencyDescriptor` is not looked at,
  ///   for it names a place in another packet.
  /// - Throws: `.noRoom` when the span is too short, `.tooMany` when the descriptor is longer than 255 bytes.
  @inlinable
  public static func write(
    _ fields: RTPFields, _ extensions: RTPExtensions, ids: HeaderExtensionIDs, dependencyDescriptor: RawSpan,
    into packet: inout MutableRawSpan
  ) throws(WireError) -> RTPHeaderLayout {
    guard dependencyDescriptor.byteCount <= 255 else { throw .tooMany }
    // An upper bound, so that the writing itself needs no checks that can fail.
    guard packet.byteCount >= Limit.headerByteCount &+ dependencyDescriptor.byteCount else { throw .noRoom }
    packet.store(0x80, at: 0)
    packet.store(fields.payloadType & 0x7F | (fields.marker ? 0x80 : 0), at: 1)
    packet.store16(fields.sequenceNumber, at: 2)
    packet.store32(fields.timestamp, at: 4)
    packet.store32(fields.ssrc, at: 8)

    var layout = RTPHeaderLayout(headerByteCount: RTPHeader.fixedByteCount)
    let form = form(extensions, ids: ids, dependencyDescriptorByteCount: dependencyDescriptor.byteCount)
    var writer = RTPHeaderWriter(form: form, offset: RTPHeader.fixedByteCount &+ 4)
    writer.writeTiming(extensions, ids, into: &packet, &layout)
    writer.writeNames(extensions, ids, into: &packet)
    writer.writeMedia(extensions, ids, into: &packet)
    if ids.dependencyDescriptor != 0, dependencyDescriptor.byteCount > 0 {
      writer.writeHead(ids.dependencyDescriptor, dependencyDescriptor.byteCount, into: &packet)
      packet.copy(dependencyDescriptor, to: writer.offset)
      writer.offset &+= dependencyDescriptor.byteCount
    }
    layout.headerByteCount = writer.finish(in: &packet)
    return layout
  }

  /// As above, without a dependency descriptor.
  @inlinable
  public static func write(
    _ fields: RTPFields, _ extensions: RTPExtensions = RTPExtensions(), ids: HeaderExtensionIDs = HeaderExtensionIDs(),
    into packet: inout MutableRawSpan
  ) throws(WireError) -> RTPHeaderLayout {
    try write(fields, extensions, ids: ids, dependencyDescriptor: RawSpan(), into: &packet)
  }

  public enum Limit {
    /// The most that `write` needs for a header without the dependency descriptor: 12 bytes of fixed header, 4 of
    /// extension head, three strings of 16, 1 + 2 + 3 + 16 + 3 + 1 of numbers, two for each of ten heads, 3 of padding.
    public static let headerByteCount = 12 + 4 + 3 * 16 + 26 + 10 * 2 + 3
  }

  @usableFromInline
  init(form: HeaderExtensionForm, offset: Int) {
    self.form = form
    self.offset = offset
  }
}

extension RTPHeaderWriter {
  /// The one-byte form unless an element that will be written has an id or a length that it cannot carry.
  @inlinable
  static func form(
    _ extensions: RTPExtensions, ids: HeaderExtensionIDs, dependencyDescriptorByteCount: Int
  ) -> HeaderExtensionForm {
    var highest: UInt8 = 0
    if extensions.transportSequence != nil { highest = max(highest, ids.transportSequence) }
    if extensions.absoluteSendTime != nil { highest = max(highest, ids.absoluteSendTime) }
    if !extensions.mid.isEmpty { highest = max(highest, ids.mid) }
    if !extensions.rid.isEmpty { highest = max(highest, ids.rid) }
    if !extensions.repairedRid.isEmpty { highest = max(highest, ids.repairedRid) }
    if extensions.audioLevel != nil { highest = max(highest, ids.audioLevel) }
    if extensions.absoluteCaptureTime != nil { highest = max(highest, ids.absoluteCaptureTime) }
    if extensions.playoutDelay != nil { highest = max(highest, ids.playoutDelay) }
    if extensions.videoOrientation != nil { highest = max(highest, ids.videoOrientation) }
    if dependencyDescriptorByteCount > 0 { highest = max(highest, ids.dependencyDescriptor) }
    let isLong = ids.dependencyDescriptor != 0 && dependencyDescriptorByteCount > 16
    return highest > 14 || isLong ? .twoByte : .oneByte
  }

  /// The numbers that are filled in when the packet leaves; first, so that their offsets are the same in all packets.
  @inlinable
  mutating func writeTiming(
    _ extensions: RTPExtensions, _ ids: HeaderExtensionIDs, into packet: inout MutableRawSpan,
    _ layout: inout RTPHeaderLayout
  ) {
    if ids.transportSequence != 0, let number = extensions.transportSequence {
      writeHead(ids.transportSequence, 2, into: &packet)
      layout.transportSequenceOffset = offset
      packet.store16(number, at: offset)
      offset &+= 2
    }
    if ids.absoluteSendTime != 0, let time = extensions.absoluteSendTime {
      writeHead(ids.absoluteSendTime, 3, into: &packet)
      layout.absoluteSendTimeOffset = offset
      packet.store24(time, at: offset)
      offset &+= 3
    }
  }

  @inlinable
  mutating func writeNames(_ extensions: RTPExtensions, _ ids: HeaderExtensionIDs, into packet: inout MutableRawSpan) {
    writeString(ids.mid, extensions.mid, into: &packet)
    writeString(ids.rid, extensions.rid, into: &packet)
    writeString(ids.repairedRid, extensions.repairedRid, into: &packet)
  }

  @inlinable
  mutating func writeMedia(_ extensions: RTPExtensions, _ ids: HeaderExtensionIDs, into packet: inout MutableRawSpan) {
    if ids.audioLevel != 0, let level = extensions.audioLevel {
      writeHead(ids.audioLevel, 1, into: &packet)
      packet.store(level.level & 0x7F | (level.isVoice ? 0x80 : 0), at: offset)
      offset &+= 1
    }
    if ids.absoluteCaptureTime != 0, let time = extensions.absoluteCaptureTime {
      writeHead(ids.absoluteCaptureTime, time.clockOffset == nil ? 8 : 16, into: &packet)
      packet.store64(time.timestamp, at: offset)
      offset &+= 8
      if let clockOffset = time.clockOffset {
        packet.store64(UInt64(bitPattern: clockOffset), at: offset)
        offset &+= 8
      }
    }
    if ids.playoutDelay != 0, let delay = extensions.playoutDelay {
      writeHead(ids.playoutDelay, 3, into: &packet)
      packet.store24(UInt32(delay.minimum & 0xFFF) << 12 | UInt32(delay.maximum & 0xFFF), at: offset)
      offset &+= 3
    }
    if ids.videoOrientation != 0, let orientation = extensions.videoOrientation {
      writeHead(ids.videoOrientation, 1, into: &packet)
      packet.store(orientation, at: offset)
      offset &+= 1
    }
  }

  @inlinable
  mutating func writeString(_ id: UInt8, _ text: ShortString, into packet: inout MutableRawSpan) {
    guard id != 0, !text.isEmpty else { return }
    writeHead(id, text.count, into: &packet)
    text.write(into: &packet, at: offset)
    offset &+= text.count
  }

  @inlinable
  mutating func writeHead(_ id: UInt8, _ count: Int, into packet: inout MutableRawSpan) {
    switch form {
    case .oneByte:
      packet.store(id << 4 | UInt8(truncatingIfNeeded: count &- 1), at: offset)
      offset &+= 1
    case .twoByte:
      packet.store(id, at: offset)
      packet.store(UInt8(truncatingIfNeeded: count), at: offset &+ 1)
      offset &+= 2
    }
  }

  /// Pads to whole words, writes the extension's head and sets the X bit; nothing when no element was written.
  @inlinable
  mutating func finish(in packet: inout MutableRawSpan) -> Int {
    let elements = RTPHeader.fixedByteCount &+ 4
    guard offset > elements else { return RTPHeader.fixedByteCount }
    while offset & 3 != 0 {
      packet.store(0, at: offset)
      offset &+= 1
    }
    packet.store(0x90, at: 0)
    packet.store16(form.profile, at: RTPHeader.fixedByteCount)
    packet.store16(UInt16(truncatingIfNeeded: (offset &- elements) >> 2), at: RTPHeader.fixedByteCount &+ 2)
    return offset
  }
}
