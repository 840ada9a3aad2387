// An image without what it tells beside its picture: place, time, device, names, comments, earlier versions.
//
// Nothing is decoded or encoded again: the compressed picture stays bit by bit what it was, and only the containers that
// lie around it are taken apart. What is not known to matter for the picture is left out, so that a kind of metadata that
// nobody has thought of goes too; so does everything behind the image's end, where other files like to hide.

import Bytes

/// The kinds of images that are shown.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable {
  case jpeg = "image/jpeg"
  case png = "image/png"
  case webp = "image/webp"
  case gif = "image/gif"

  /// What the first bytes say it is.
  public init?(signature input: RawSpan) {
    func begins(with magic: [UInt8], at offset: Int = 0) -> Bool {
      guard input.byteCount >= offset + magic.count else { return false }
      for (index, byte) in magic.enumerated() where input.byte(at: offset + index) != byte { return false }
      return true
    }
    if begins(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if begins(with: PNG.signature) {
      self = .png
    } else if begins(with: Array("RIFF".utf8)), begins(with: Array("WEBP".utf8), at: 8) {
      self = .webp
    } else if begins(with: Array("GIF87a".utf8)) {
      self = .gif
    } else if begins(with: Array("GIF89a".utf8)) {
      self = .gif
    } else {
      return nil
    }
  }
}

/// Bytes that begin like an image and do not go on like one.
public struct MalformedImage: Error, Equatable, Sendable {
  public let reason: String

  init(_ reason: String) { self.reason = reason }
}

public struct CleanImage: Sendable, Equatable {
  public enum Limit {
    /// Chunks, segments or blocks of one image. A long animation has thousands.
    public static let parts = 1_000_000
    /// Bytes of a colour profile. Those of printers have two megabytes.
    public static let profileBytes = 4 * 1024 * 1024
  }

  public var format: ImageFormat
  public var bytes: [UInt8]
  /// In pixels, as people see it: a photograph taken upright is higher than wide. At least 1.
  public var width: Int
  public var height: Int

  /// Takes `input` apart and puts it together again without its metadata.
  public init(_ input: RawSpan) throws(MalformedImage) {
    guard let format = ImageFormat(signature: input) else { throw MalformedImage("no image") }
    let clean: CleanImage
    switch format {
    case .jpeg: clean = try JPEG.clean(input)
    case .png: clean = try PNG.clean(input)
    case .webp: clean = try WebP.clean(input)
    case .gif: clean = try GIF.clean(input)
    }
    guard clean.width > 0, clean.height > 0 else { throw MalformedImage("no pixels") }
    self = clean
  }

  init(format: ImageFormat, bytes: [UInt8], width: Int, height: Int) {
    self.format = format
    self.bytes = bytes
    self.width = width
    self.height = height
  }
}

extension RawSpan {
  /// The text of four bytes at `offset`, which must be there: what PNG and RIFF call their chunks.
  func fourCharacters(at offset: Int) -> String {
    String(decoding: (0..<4).map { byte(at: offset + $0) }, as: UTF8.self)
  }

  /// Whether the bytes at `offset` are those of `text`.
  func has(_ text: StaticString, at offset: Int) -> Bool {
    let expected = Array("\(text)".utf8)
    guard offset >= 0, offset + expected.count <= byteCount else { return false }
    for (index, character) in expected.enumerated() where byte(at: offset + index) != character { return false }
    return true
  }

  /// Four bytes at `offset`, least significant first, which must be there.
  func little32(at offset: Int) -> Int { Int(uint32(at: offset).byteSwapped) }
}

extension ByteWriter {
  /// Appends `count` bytes of `input`, which must be there.
  mutating func append(_ input: RawSpan, _ offset: Int, _ count: Int) { append(input.slice(offset, count).toArray()) }

  /// Four bytes, least significant first.
  mutating func little32(_ value: Int) { uint32(UInt32(truncatingIfNeeded: value).byteSwapped) }
}
