// Fuzz entries of what looks at uploads: images that are taken apart, and forms that carry files.

import Bytes
import FuzzSupport
import ImageMetadata
import Multipart

extension FuzzEntry {
  /// Every parser of uploads. A new entry is added here, in Package.swift and as folders in Tests/Fuzz.
  public static let files: [FuzzEntry] = [.imageMetadata, .multipart]

  public static let imageMetadata = FuzzEntry(
    name: "ImageMetadata",
    seeds: ["jpeg": SmallImages.jpeg, "png": SmallImages.png, "webp": SmallImages.webp, "gif": SmallImages.gif]
  ) { bytes in
    guard let clean = try? CleanImage(bytes.rawSpan) else { return }
    require(clean.width > 0 && clean.height > 0)
    // An orientation and a trailer are all that may come on top of what was there.
    require(clean.bytes.count <= bytes.count + 64, "more came out than went in")
    guard let again = try? CleanImage(clean.bytes.rawSpan) else { return require(false, "clean bytes are no image") }
    require(again == clean, "cleaning twice is not cleaning once")
  }
}

extension FuzzEntry {
  /// The boundary is `B`: what a fuzzer would have to find first.
  public static let multipart = FuzzEntry(
    name: "Multipart",
    seeds: [
      "browser": Array(
        "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: a/b\r\n\r\nx\r\n--B--\r\n"
          .utf8),
      "fields": Array(
        "--B\r\nContent-Disposition: form-data; name=n\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; filename*=UTF-8''%C3%AF\r\n\r\n\r\n--B--"
          .utf8),
    ]
  ) { bytes in
    guard let file = try? FormFile(in: bytes.rawSpan, contentType: "multipart/form-data; boundary=B") else { return }
    require(file.content.lowerBound >= 0 && file.content.upperBound <= bytes.count)
    require(bytes[file.content.upperBound...].starts(with: Array("\r\n--B".utf8)), "a file that no delimiter ends")
  }
}

/// The containers of each format with everything in them that is taken out and some that is kept. Not meant to be shown.
public enum SmallImages {
  /// Never in clean bytes.
  public static let secret = Array("a secret place".utf8)

  public static let jpeg: [UInt8] =
    [0xFF, 0xD8] + segment(0xE0, Array("JFIF\0".utf8) + [1, 2, 1, 0, 72, 0, 72, 0, 0])
    + segment(0xE1, exif(orientation: 6, isLittle: true) + secret)
    + segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0".utf8) + secret)
    + segment(0xE2, Array("ICC_PROFILE\0".utf8) + [1, 1] + [7, 7, 7]) + segment(0xE2, Array("MPF\0".utf8) + secret)
    + segment(0xED, Array("Photoshop 3.0\0".utf8) + secret)
    + segment(0xEE, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 1])
    + segment(0xFE, secret) + segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))
    + segment(0xC0, [8, 0, 16, 0, 32, 1, 1, 0x11, 0]) + segment(0xC4, [0] + [UInt8](repeating: 0, count: 17))
    + segment(0xDA, [1, 1, 0, 0, 63, 0]) + [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56] + [0xFF, 0xD9] + secret

  public static let png: [UInt8] =
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", [0, 0, 0, 32, 0, 0, 0, 16, 8, 2, 0, 0, 0])
    + chunk("iCCP", [65, 0, 0, 1, 2]) + chunk("tEXt", secret) + chunk("eXIf", secret)
    + chunk("tIME", [7, 0xE7, 1, 1, 1, 1, 1])
    + chunk("IDAT", [1, 2, 3]) + chunk("zTXt", secret) + chunk("IDAT", [4]) + chunk("iTXt", secret)
    + chunk("IEND", []) + secret

  public static let webp: [UInt8] =
    riff(
      riffChunk("VP8X", [0x2E, 0, 0, 0, 31, 0, 0, 15, 0, 0]) + riffChunk("ICCP", [1, 2, 3])
        + riffChunk("ANIM", [0, 0, 0, 0, 0, 0])
        + riffChunk(
          "ANMF", [UInt8](repeating: 0, count: 16) + riffChunk("VP8L", [0x2F, 1, 2, 3, 4]) + riffChunk("note", secret))
        + riffChunk("EXIF", secret) + riffChunk("XMP ", secret)) + secret

  public static let gif: [UInt8] =
    Array("GIF89a".utf8) + [32, 0, 16, 0, 0x80, 0, 0] + [0, 0, 0, 255, 255, 255]
    + [0x21, 0xFF, 11] + Array("NETSCAPE2.0".utf8) + [3, 1, 0, 0, 0]
    + [0x21, 0xFF, 11] + Array("XMP DataXMP".utf8) + subBlock(secret)
    + [0x21, 0xFE] + subBlock(secret) + [0x21, 0xF9, 4, 0, 10, 0, 0, 0] + [0x21, 0x01] + subBlock(secret)
    + [0x2C, 0, 0, 0, 0, 32, 0, 16, 0, 0, 2, 2, 0x4C, 0x01, 0] + [0x3B] + secret

  public static func segment(_ marker: UInt8, _ data: [UInt8]) -> [UInt8] {
    [0xFF, marker, UInt8((data.count + 2) >> 8), UInt8(truncatingIfNeeded: data.count + 2)] + data
  }

  /// An Exif segment's data with the orientation among other entries.
  public static func exif(orientation: UInt16, isLittle: Bool) -> [UInt8] {
    func short(_ value: UInt16) -> [UInt8] {
      let bytes = [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
      return isLittle ? bytes.reversed() : bytes
    }
    func long(_ value: UInt16) -> [UInt8] { isLittle ? short(value) + [0, 0] : [0, 0] + short(value) }
    return Array("Exif\0\0".utf8) + Array((isLittle ? "II" : "MM").utf8) + short(42) + long(8) + short(2)
      + short(0x010F) + short(2) + long(4) + [65, 66, 67, 0] + short(0x0112) + short(3) + long(1) + short(orientation)
      + [0, 0] + long(0)
  }

  public static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.uint32(UInt32(data.count))
    writer.append(name.utf8)
    writer.append(data)
    // Checksums are copied, not looked at.
    writer.uint32(0xABCD_0123)
    return writer.bytes
  }

  public static func riffChunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    Array(name.utf8) + little(data.count) + data + (data.count % 2 == 1 ? [0] : [])
  }

  public static func riff(_ chunks: [UInt8]) -> [UInt8] {
    Array("RIFF".utf8) + little(chunks.count + 4) + Array("WEBP".utf8) + chunks
  }

  public static func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  public static func subBlock(_ data: [UInt8]) -> [UInt8] { [UInt8(data.count)] + data + [0] }
}
