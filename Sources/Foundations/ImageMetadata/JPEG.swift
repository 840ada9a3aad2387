// JPEG (ITU-T T.81 annex B): segments, and scans of entropy-coded data between them.

import Bytes

enum JPEG {
  private enum Marker {
    static let startOfScan: UInt8 = 0xDA
    static let end: UInt8 = 0xD9
    static let application0: UInt8 = 0xE0
    static let application1: UInt8 = 0xE1
    static let application2: UInt8 = 0xE2
    static let application14: UInt8 = 0xEE

    /// Start of frame: the picture's size and coding. C4, C8 and CC in that range are something else.
    static func isFrame(_ marker: UInt8) -> Bool {
      (0xC0...0xCF).contains(marker) && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
    }

    /// Tables, frames, scans, restart intervals: what decoding takes.
    static func isCoding(_ marker: UInt8) -> Bool {
      switch marker {
      case 0xC4, 0xCC, startOfScan, 0xDB, 0xDC, 0xDD: true
      default: isFrame(marker)
      }
    }
  }

  static func clean(_ input: RawSpan) throws(MalformedImage) -> CleanImage {
    var body = ByteWriter(capacity: input.byteCount)
    var hasHeader = false
    var orientation: UInt16 = 1
    var size: (width: Int, height: Int)?
    var profileBytes = 0
    var offset = 2
    for _ in 0..<CleanImage.Limit.parts {
      // A file that ends without saying so is what a broken download leaves; decoders show what is there.
      guard let marker = try nextMarker(input, &offset), marker != Marker.end else {
        guard let size else { throw MalformedImage("JPEG without a frame") }
        return assemble(body, hasHeader: hasHeader, orientation, size)
      }
      guard offset + 2 <= input.byteCount else { throw MalformedImage("JPEG segment cut off") }
      let length = Int(input.uint16(at: offset))
      guard length >= 2, offset + length <= input.byteCount else { throw MalformedImage("JPEG segment cut off") }
      let data = offset + 2
      switch marker {
      case Marker.application0 where input.has("JFIF\0", at: data): hasHeader = true
      case Marker.application1:
        if orientation == 1 {
          let found = Exif.orientation(input.slice(data, length - 2))
          orientation = found ?? 1
        }
      case Marker.application2 where input.has("ICC_PROFILE\0", at: data):
        profileBytes += length
        if profileBytes <= CleanImage.Limit.profileBytes { append(input, marker, offset, length, to: &body) }
      // Says in which colours the picture is coded.
      case Marker.application14 where input.has("Adobe", at: data): append(input, marker, offset, length, to: &body)
      case _ where Marker.isCoding(marker):
        if Marker.isFrame(marker) {
          guard size == nil, length >= 8 else { throw MalformedImage("JPEG with two frames") }
          size = (Int(input.uint16(at: data + 3)), Int(input.uint16(at: data + 1)))
        }
        append(input, marker, offset, length, to: &body)
      default: break
      }
      offset += length
      if marker == Marker.startOfScan { copyScan(input, &offset, to: &body) }
    }
    throw MalformedImage("JPEG of too many segments")
  }

  /// Passes over fill bytes to the next marker. Nil at the end.
  private static func nextMarker(_ input: RawSpan, _ offset: inout Int) throws(MalformedImage) -> UInt8? {
    guard offset < input.byteCount else { return nil }
    guard input.byte(at: offset) == 0xFF else { throw MalformedImage("JPEG marker expected") }
    while offset < input.byteCount, input.byte(at: offset) == 0xFF { offset += 1 }
    guard offset < input.byteCount else { return nil }
    defer { offset += 1 }
    return input.byte(at: offset)
  }

  private static func append(
    _ input: RawSpan, _ marker: UInt8, _ offset: Int, _ length: Int, to body: inout ByteWriter
  ) {
    body.uint8(0xFF)
    body.uint8(marker)
    body.append(input, offset, length)
  }

  /// Entropy-coded data up to the next marker that is not a restart; a stuffed zero follows each FF in it.
  private static func copyScan(_ input: RawSpan, _ offset: inout Int, to body: inout ByteWriter) {
    let start = offset
    let count = input.byteCount
    while offset < count {
      if input.byte(at: offset) == 0xFF, offset + 1 < count {
        let next = input.byte(at: offset + 1)
        if next != 0, next != 0xFF, !(0xD0...0xD7).contains(next) { break }
      }
      offset += 1
    }
    body.append(input, start, offset - start)
  }

  /// Begins with a JFIF header of our own where there was one (its thumbnail is not the picture's), then the orientation,
  /// which a camera writes in place of turning the picture.
  private static func assemble(
    _ body: ByteWriter, hasHeader: Bool, _ orientation: UInt16, _ size: (width: Int, height: Int)
  ) -> CleanImage {
    var whole = ByteWriter(capacity: body.count + 64)
    whole.uint16(0xFFD8)
    if hasHeader {
      // Version 1.1, square pixels, no thumbnail.
      whole.append([0xFF, Marker.application0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0])
    }
    if orientation != 1 { whole.append(Exif.segment(orientation)) }
    whole.append(body.bytes)
    whole.uint16(0xFFD9)
    let isTurned = orientation >= 5
    return CleanImage(
      format: .jpeg, bytes: whole.bytes, width: isTurned ? size.height : size.width,
      height: isTurned ? size.width : size.height)
  }
}

/// The one thing in Exif that the picture needs (CIPA DC-008, tag 0x0112).
private enum Exif {
  /// 1 to 8: how the picture has to be turned. Nil when the segment is none of Exif's or does not say.
  static func orientation(_ segment: RawSpan) -> UInt16? {
    guard segment.has("Exif\0\0", at: 0), segment.byteCount >= 14 else { return nil }
    let tiff = segment.slice(6, segment.byteCount - 6)
    let isLittle = tiff.has("II", at: 0)
    let isBig = tiff.has("MM", at: 0)
    guard isLittle || isBig else { return nil }
    func short(_ offset: Int) -> UInt16 { isLittle ? tiff.uint16(at: offset).byteSwapped : tiff.uint16(at: offset) }
    let directory = isLittle ? tiff.little32(at: 4) : Int(tiff.uint32(at: 4))
    guard directory + 2 <= tiff.byteCount else { return nil }
    for index in 0..<Int(short(directory)) {
      let entry = directory + 2 + 12 * index
      guard entry + 12 <= tiff.byteCount else { return nil }
      // Tag, type SHORT.
      guard short(entry) == 0x0112, short(entry + 2) == 3 else { continue }
      let value = short(entry + 8)
      return (1...8).contains(value) ? value : nil
    }
    return nil
  }

  /// An Exif segment that says nothing else.
  static func segment(_ orientation: UInt16) -> [UInt8] {
    var writer = ByteWriter(capacity: 36)
    writer.uint16(0xFFE1)
    writer.uint16(34)
    writer.append("Exif\0\0MM".utf8)
    writer.uint16(42)
    writer.uint32(8)
    writer.uint16(1)
    writer.uint16(0x0112)
    writer.uint16(3)
    writer.uint32(1)
    writer.uint16(orientation)
    writer.uint16(0)
    writer.uint32(0)
    return writer.bytes
  }
}
