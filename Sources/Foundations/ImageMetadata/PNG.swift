// PNG (W3C, third edition) with its animations: chunks of length, name, data and checksum.

import Bytes

enum PNG {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Chunks that say how the picture looks. Text, times, Exif and what programs add of their own are not among them.
  private static let kept: Set<String> = [
    "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "cLLI", "sBIT", "bKGD",
    "pHYs", "acTL", "fcTL", "fdAT",
  ]

  static func clean(_ input: RawSpan) throws(MalformedImage) -> CleanImage {
    var output = ByteWriter(capacity: input.byteCount)
    output.append(signature)
    var offset = signature.count
    var size: (width: Int, height: Int)?
    var hasData = false
    for _ in 0..<CleanImage.Limit.parts {
      guard offset + 12 <= input.byteCount else { throw MalformedImage("PNG without an end") }
      let length = Int(input.uint32(at: offset))
      guard length <= input.byteCount - offset - 12 else { throw MalformedImage("PNG chunk cut off") }
      let name = input.fourCharacters(at: offset + 4)
      if size == nil {
        guard name == "IHDR", length == 13 else { throw MalformedImage("PNG without a head") }
        size = (Int(input.uint32(at: offset + 8)), Int(input.uint32(at: offset + 12)))
      }
      if kept.contains(name) {
        if name != "iCCP" || length <= CleanImage.Limit.profileBytes { output.append(input, offset, length + 12) }
      } else if input.byte(at: offset + 4) & 0x20 == 0 {
        // A capital first letter: the picture cannot be shown without it, and nobody knows it.
        throw MalformedImage("PNG with an unknown critical chunk")
      }
      hasData = hasData || name == "IDAT"
      offset += length + 12
      guard name == "IEND" else { continue }
      guard hasData, let size else { throw MalformedImage("PNG without a picture") }
      return CleanImage(format: .png, bytes: output.bytes, width: size.width, height: size.height)
    }
    throw MalformedImage("PNG of too many chunks")
  }
}
