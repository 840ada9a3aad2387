// Walks the elements of an RTP header extension in both forms of RFC 8285, without allocation.

import Bytes

/// One element: its id and where its data stands in the packet.
public struct HeaderExtensionElement: Sendable, Hashable {
  /// 1…14 in the one-byte form, 1…255 in the two-byte form.
  public var id: UInt8
  /// The data without the element's head. Offsets count from the start of the packet.
  public var data: ByteRange

  @inlinable
  public init(id: UInt8, data: ByteRange) {
    self.id = id
    self.data = data
  }
}

/// A cursor over the elements. It borrows nothing: the packet is handed in with each step.
///
/// A damaged block ends the walk at the damage: RFC 8285 gives no way to find the next element, and what was read before
/// is as good as ever.
public struct HeaderExtensionReader: Sendable {
  @usableFromInline var offset: Int
  @usableFromInline let end: Int
  @usableFromInline let isTwoByteForm: Bool

  /// Stands before the first element. A packet without an extension, or with one of another profile, has no elements.
  @inlinable
  public init(_ header: RTPHeader) {
    isTwoByteForm = header.extensionProfile & 0xFFF0 == HeaderExtensionForm.twoByte.profile
    let isKnown = isTwoByteForm || header.extensionProfile == HeaderExtensionForm.oneByte.profile
    offset = header.extensionElements.offset
    end = isKnown ? header.extensionElements.end : offset
  }

  /// The next element of `packet`, which must be the one whose header the reader was made of; nil after the last.
  @inlinable
  public mutating func next(in packet: RawSpan) -> HeaderExtensionElement? {
    while offset < end {
      let head = packet.byte(at: offset)
      // Padding is one byte in both forms (§4.1.1). In the one-byte form id 0 makes it padding, whatever the length bits.
      if isTwoByteForm ? head == 0 : head >> 4 == 0 {
        offset &+= 1
        continue
      }
      return isTwoByteForm ? nextTwoByte(id: head, in: packet) : nextOneByte(head: head)
    }
    return nil
  }

  @inlinable
  mutating func nextOneByte(head: UInt8) -> HeaderExtensionElement? {
    // §4.2: id 15 is reserved; processing stops there.
    guard head >> 4 != 15 else { return finish() }
    return element(id: head >> 4, at: offset &+ 1, count: Int(head & 0x0F) &+ 1)
  }

  @inlinable
  mutating func nextTwoByte(id: UInt8, in packet: RawSpan) -> HeaderExtensionElement? {
    guard offset &+ 1 < end else { return finish() }
    return element(id: id, at: offset &+ 2, count: Int(packet.byte(at: offset &+ 1)))
  }

  @inlinable
  mutating func element(id: UInt8, at start: Int, count: Int) -> HeaderExtensionElement? {
    guard start &+ count <= end else { return finish() }
    offset = start &+ count
    return HeaderExtensionElement(id: id, data: ByteRange(offset: start, count: count))
  }

  @inlinable
  mutating func finish() -> HeaderExtensionElement? {
    offset = end
    return nil
  }
}

/// The two layouts of elements.
public enum HeaderExtensionForm: UInt8, Sendable, Hashable {
  /// Ids 1…14, data of 1…16 bytes (RFC 8285 §4.2).
  case oneByte
  /// Ids 1…255, data of 0…255 bytes (RFC 8285 §4.3). Needs `a=extmap-allow-mixed` where packets of both forms mix.
  case twoByte

  /// The word that announces the form; the low four bits of the two-byte form's are free for applications.
  @inlinable public var profile: UInt16 { self == .oneByte ? 0xBEDE : 0x1000 }

  /// Bytes of an element's head.
  @inlinable public var elementHeadByteCount: Int { self == .oneByte ? 1 : 2 }
}
