// GIF 89a: a screen, and blocks on it. Comments, texts and what applications left there go.

import Bytes

enum GIF {
  private enum Block {
    static let image: UInt8 = 0x2C
    static let extensionIntroducer: UInt8 = 0x21
    static let trailer: UInt8 = 0x3B
    static let graphicControl: UInt8 = 0xF9
    static let application: UInt8 = 0xFF
  }

  static func clean(_ input: RawSpan) throws(MalformedImage) -> CleanImage {
    guard input.byteCount >= 13 else { throw MalformedImage("GIF cut off") }
    let width = Int(input.uint16(at: 6).byteSwapped)
    let height = Int(input.uint16(at: 8).byteSwapped)
    var offset = try table(input, flags: 10, behind: 13)
    var output = ByteWriter(capacity: input.byteCount)
    output.append(input, 0, offset)
    // How the next image is shown; it belongs to that image only.
    var control: (offset: Int, count: Int)?
    var hasImage = false
    for _ in 0..<CleanImage.Limit.parts {
      // One that ends without saying so shows what is there.
      guard offset < input.byteCount, input.byte(at: offset) != Block.trailer else {
        guard hasImage else { throw MalformedImage("GIF without a picture") }
        output.uint8(Block.trailer)
        return CleanImage(format: .gif, bytes: output.bytes, width: width, height: height)
      }
      let start = offset
      switch input.byte(at: offset) {
      case Block.image:
        guard offset + 10 <= input.byteCount else { throw MalformedImage("GIF picture cut off") }
        // Behind the table of colours stands one byte, the size of the codes.
        offset = try blocks(input, from: try table(input, flags: offset + 9, behind: offset + 10) + 1)
        if let control { output.append(input, control.offset, control.count) }
        control = nil
        output.append(input, start, offset - start)
        hasImage = true
      case Block.extensionIntroducer:
        guard offset + 2 <= input.byteCount else { throw MalformedImage("GIF extension cut off") }
        let label = input.byte(at: offset + 1)
        offset = try blocks(input, from: offset + 2)
        switch label {
        case Block.graphicControl: control = (start, offset - start)
        case Block.application: application(input, start, offset - start, to: &output)
        default: break
        }
      default: throw MalformedImage("GIF block of an unknown kind")
      }
    }
    throw MalformedImage("GIF of too many blocks")
  }

  /// Behind a table of colours, if the flags at `flags` say that there is one at `start`.
  private static func table(_ input: RawSpan, flags: Int, behind start: Int) throws(MalformedImage) -> Int {
    let flags = input.byte(at: flags)
    let end = start + (flags & 0x80 != 0 ? 3 << (Int(flags & 7) + 1) : 0)
    guard end <= input.byteCount else { throw MalformedImage("GIF colours cut off") }
    return end
  }

  /// Behind a chain of blocks of up to 255 bytes, which an empty one ends.
  private static func blocks(_ input: RawSpan, from start: Int) throws(MalformedImage) -> Int {
    var offset = start
    while offset < input.byteCount {
      let length = Int(input.byte(at: offset))
      offset += 1 + length
      if length == 0 { return offset }
    }
    throw MalformedImage("GIF data cut off")
  }

  /// How often an animation is repeated (NETSCAPE2.0), written anew, and the colour profile. XMP and all else goes.
  private static func application(_ input: RawSpan, _ start: Int, _ count: Int, to output: inout ByteWriter) {
    guard input.byte(at: start + 2) == 11 else { return }
    let (isNetscape, isOther) = (input.has("NETSCAPE2.0", at: start + 3), input.has("ANIMEXTS1.0", at: start + 3))
    if isNetscape || isOther {
      guard count >= 19, input.byte(at: start + 14) == 3, input.byte(at: start + 15) == 1 else { return }
      output.append(input, start, 18)
      output.uint8(0)
    } else if input.has("ICCRGBG1012", at: start + 3), count <= CleanImage.Limit.profileBytes {
      output.append(input, start, count)
    }
  }
}
