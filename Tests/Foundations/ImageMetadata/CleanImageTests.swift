// Images without what they tell beside their picture. That the picture stays what it was is shown with other people's
// decoders in Tests/Interoperability/test_files.py.

import Bytes
import FilesFuzzEntries
import ImageMetadata
import Randomness
import TestSupport
import Testing

@Suite struct CleanImageTests {
  private typealias Make = SmallImages

  private func clean(_ bytes: [UInt8]) throws -> CleanImage { try CleanImage(bytes.rawSpan) }

  private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    guard bytes.count >= part.count else { return false }
    return (0...(bytes.count - part.count)).contains { bytes[$0..<($0 + part.count)].elementsEqual(part) }
  }

  @Test(arguments: [SmallImages.jpeg, SmallImages.png, SmallImages.webp, SmallImages.gif])
  func `nothing of what was written beside the picture is left, nor what stood behind it`(image: [UInt8]) throws {
    #expect(contains(image, SmallImages.secret))
    #expect(!contains(try clean(image).bytes, SmallImages.secret))
  }

  @Test func `sizes are read from the head`() throws {
    #expect(try clean(Make.png).width == 32 && clean(Make.png).height == 16)
    #expect(try clean(Make.webp).width == 32 && clean(Make.webp).height == 16)
    #expect(try clean(Make.gif).width == 32 && clean(Make.gif).height == 16)
    // Turned by its orientation.
    #expect(try clean(Make.jpeg).width == 16 && clean(Make.jpeg).height == 32)
  }

  @Test func `a JPEG keeps its coding, colours and orientation, and nothing else`() throws {
    let clean = try clean(Make.jpeg).bytes
    let expected: [UInt8] =
      [0xFF, 0xD8] + Make.segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0])
      + Make.segment(
        0xE1,
        Array("Exif\0\0MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0])
      + Make.segment(0xE2, Array("ICC_PROFILE\0".utf8) + [1, 1, 7, 7, 7])
      + Make.segment(0xEE, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 1])
      + Make.segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))
      + Make.segment(0xC0, [8, 0, 16, 0, 32, 1, 1, 0x11, 0])
      + Make.segment(0xC4, [0] + [UInt8](repeating: 0, count: 17)) + Make.segment(0xDA, [1, 1, 0, 0, 63, 0])
      + [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56, 0xFF, 0xD9]
    #expect(clean == expected)
  }

  @Test(arguments: [UInt16](1...8), [true, false])
  func `the orientation is kept in both byte orders`(orientation: UInt16, isLittle: Bool) throws {
    let image =
      [0xFF, 0xD8] + Make.segment(0xE1, Make.exif(orientation: orientation, isLittle: isLittle))
      + Make.segment(0xC2, [8, 0, 16, 0, 32, 1, 1, 0x11, 0]) + Make.segment(0xDA, [1, 1, 0, 0, 63, 0]) + [
        1, 0xFF, 0xD9,
      ]
    let clean = try clean(image)
    #expect(clean.width == (orientation >= 5 ? 16 : 32))
    // An upright picture needs no word about it.
    #expect(contains(clean.bytes, Array("Exif".utf8)) == (orientation != 1))
    #expect(!contains(clean.bytes, Array("ABC".utf8)))
  }

  @Test func `a WebP no longer says that it has metadata`() throws {
    let clean = try clean(Make.webp).bytes
    // Flags of VP8X: a profile and an animation, neither Exif nor XMP.
    #expect(clean[20] == 0x22)
    #expect(Array(clean[4..<8]) == Make.little(clean.count - 8))
  }

  @Test func `an animation repeats as before`() throws {
    let clean = try clean(Make.gif).bytes
    #expect(contains(clean, Array("NETSCAPE2.0".utf8) + [3, 1, 0, 0, 0]))
    // The control block belongs to the picture behind it.
    #expect(contains(clean, [0x21, 0xF9, 4, 0, 10, 0, 0, 0, 0x2C]))
  }

  @Test(arguments: [
    Array("GIF89a".utf8), [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xD9], Array("RIFF    WEBP".utf8), [],
    Array("<svg".utf8),
    SmallImages.chunk("IHDR", []),
  ])
  func `what only begins like an image is none`(bytes: [UInt8]) {
    #expect(throws: MalformedImage.self) { try CleanImage(bytes.rawSpan) }
  }

  @Test func `an unknown chunk that the picture needs is refused`() {
    let image =
      Array(Make.png.prefix(8)) + Make.chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]) + Make.chunk("NEED", [])
      + Make.chunk("IDAT", []) + Make.chunk("IEND", [])
    #expect(throws: MalformedImage.self) { try CleanImage(image.rawSpan) }
  }

  @Test func `chunks of a PNG keep their order and bytes, whatever stands between them`() throws {
    let names = [
      "PLTE", "IDAT", "tRNS", "fcTL", "fdAT", "gAMA", "tEXt", "zTXt", "iTXt", "eXIf", "tIME", "prVt", "sPLT",
    ]
    try forEachSeed(100) { seed, random in
      var generator = random
      let head = Make.chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])
      var image = Array(Make.png.prefix(8)) + head
      var expected = image
      for _ in 0..<Int.random(in: 0...20, using: &generator) {
        let name = names[Int.random(in: 0..<names.count, using: &generator)]
        let count = Int.random(in: 0...40, using: &generator)
        let chunk = Make.chunk(name, (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
        image += chunk
        if names.firstIndex(of: name) ?? 0 < 6 { expected += chunk }
      }
      let tail = Make.chunk("IDAT", [1]) + Make.chunk("IEND", [])
      let cleaned = try clean(image + tail + [1, 2, 3]).bytes
      #expect(cleaned == expected + tail, "seed \(seed)")
    }
  }

  @Test func `entropy-coded data comes through a JPEG unchanged`() throws {
    try forEachSeed(100) { seed, random in
      var generator = random
      var scan: [UInt8] = []
      for _ in 0..<Int.random(in: 0...200, using: &generator) {
        let byte = UInt8.random(in: 0...255, using: &generator)
        scan += byte == 0xFF ? [0xFF, Bool.random(using: &generator) ? 0 : 0xD3] : [byte]
      }
      let head: [UInt8] =
        [0xFF, 0xD8] + Make.segment(0xC0, [8, 0, 16, 0, 32, 1, 1, 0x11, 0])
        + Make.segment(0xDA, [1, 1, 0, 0, 63, 0])
      let image = head + scan + Make.segment(0xFE, Make.secret) + [0xFF, 0xD9]
      let cleaned = try clean(image).bytes
      #expect(cleaned == head + scan + [0xFF, 0xD9], "seed \(seed)")
    }
  }
}
