// WebP (RFC 9649): chunks in a RIFF container, and in animations chunks within frames.

import Bytes

enum WebP {
  /// Chunks that hold the picture. `EXIF`, `XMP ` and unknown ones are left out.
  private static let kept: Set<String> = ["VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"]
  private static let keptInFrames: Set<String> = ["VP8 ", "VP8L", "ALPH"]

  static func clean(_ input: RawSpan) throws(MalformedImage) -> CleanImage {
    guard input.byteCount >= 12 else { throw MalformedImage("WebP cut off") }
    let declared = input.little32(at: 4) + 8
    guard declared >= 12, declared <= input.byteCount else { throw MalformedImage("WebP cut off") }
    var output = ByteWriter(capacity: declared)
    var size: (width: Int, height: Int)?
    var hasPicture = false
    var offset = 12
    for _ in 0..<CleanImage.Limit.parts {
      guard offset < declared else {
        guard let size, hasPicture else { throw MalformedImage("WebP without a picture") }
        return assemble(output, size)
      }
      let chunk = try Chunk(input, at: offset, before: declared)
      if size == nil { size = try Self.size(input, chunk) }
      switch chunk.name {
      case "VP8X":
        guard chunk.length == 10 else { throw MalformedImage("WebP head of a wrong length") }
        output.append(input, offset, 8)
        // Flags: neither Exif (0x08) nor XMP (0x04) follows any more.
        output.uint8(input.byte(at: chunk.data) & ~0x0C)
        output.append(input, chunk.data + 1, 9)
      case "ANMF":
        try frame(input, chunk, to: &output)
        hasPicture = true
      case _ where kept.contains(chunk.name):
        if chunk.name != "ICCP" || chunk.length <= CleanImage.Limit.profileBytes { chunk.copy(input, to: &output) }
        hasPicture = hasPicture || chunk.name == "VP8 " || chunk.name == "VP8L"
      default: break
      }
      offset = chunk.end
    }
    throw MalformedImage("WebP of too many chunks")
  }

  private struct Chunk {
    let name: String
    let start: Int
    let length: Int
    var data: Int { start + 8 }
    /// Behind the byte that makes it even.
    let end: Int

    init(_ input: RawSpan, at offset: Int, before end: Int) throws(MalformedImage) {
      guard offset + 8 <= end else { throw MalformedImage("WebP chunk cut off") }
      let length = input.little32(at: offset + 4)
      guard length <= end - offset - 8 else { throw MalformedImage("WebP chunk cut off") }
      name = input.fourCharacters(at: offset)
      start = offset
      self.length = length
      self.end = min(end, offset + 8 + length + length % 2)
    }

    func copy(_ input: RawSpan, to output: inout ByteWriter) {
      output.append(input, start, 8 + length)
      if length % 2 == 1 { output.uint8(0) }
    }
  }

  /// A frame of an animation: 16 bytes of where and how long, then chunks of its own.
  private static func frame(_ input: RawSpan, _ frame: Chunk, to output: inout ByteWriter) throws(MalformedImage) {
    guard frame.length >= 16 else { throw MalformedImage("WebP frame cut off") }
    let end = frame.data + frame.length
    var content = ByteWriter(capacity: frame.length)
    content.append(input, frame.data, 16)
    var offset = frame.data + 16
    while offset < end {
      let chunk = try Chunk(input, at: offset, before: end)
      if keptInFrames.contains(chunk.name) { chunk.copy(input, to: &content) }
      offset = chunk.end
    }
    output.append("ANMF".utf8)
    output.little32(content.count)
    output.append(content.bytes)
    output.pad(to: 2)
  }

  /// What the first chunk says of the canvas.
  private static func size(
    _ input: RawSpan, _ chunk: Chunk
  ) throws(MalformedImage) -> (width: Int, height: Int) {
    let at = chunk.data
    switch chunk.name {
    case "VP8X" where chunk.length >= 10:
      return (1 + (input.little32(at: at + 4) & 0xFF_FFFF), 1 + (input.little32(at: at + 6) >> 8))
    // A key frame begins with its tag, a start code, and 14 bits each of width and height.
    case "VP8 " where chunk.length >= 10:
      guard input.uint24(at: at + 3) == 0x9D012A else { throw MalformedImage("WebP without a key frame") }
      let word = input.little32(at: at + 6)
      return (word & 0x3FFF, word >> 16 & 0x3FFF)
    case "VP8L" where chunk.length >= 5:
      guard input.byte(at: at) == 0x2F else { throw MalformedImage("WebP without a signature") }
      let bits = input.little32(at: at + 1)
      return (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    default: throw MalformedImage("WebP without a head")
    }
  }

  private static func assemble(_ chunks: ByteWriter, _ size: (width: Int, height: Int)) -> CleanImage {
    var whole = ByteWriter(capacity: chunks.count + 12)
    whole.append("RIFF".utf8)
    whole.little32(chunks.count + 4)
    whole.append("WEBP".utf8)
    whole.append(chunks.bytes)
    return CleanImage(format: .webp, bytes: whole.bytes, width: size.width, height: size.height)
  }
}
