// What a file is by its own bytes, for the few kinds that are shown in place: a claim of its sender decides nothing.

import Bytes

/// Kinds of files that a browser may show or play within the page. Their signatures are strict: what is not clearly one
/// of them is a download.
enum Signature {
  /// The media type, or nil for everything that is only ever downloaded. Images are recognised by `ImageMetadata`.
  static func type(of bytes: RawSpan) -> String? {
    if has(bytes, "%PDF-", at: 0) { return "application/pdf" }
    if has(bytes, "OggS", at: 0), bytes.byteCount > 36 { return ogg(bytes) }
    if has(bytes, "RIFF", at: 0), has(bytes, "WAVEfmt ", at: 8) { return "audio/wav" }
    if has(bytes, "ftyp", at: 4) { return isoMedia(bytes) }
    if bytes.byteCount > 4, bytes.uint32(at: 0) == 0x1A45_DFA3 { return matroska(bytes) }
    if has(bytes, "ID3", at: 0) { return "audio/mpeg" }
    if isAudioFrame(bytes) { return "audio/mpeg" }
    return isText(bytes) ? "text/plain" : nil
  }

  private static func has(_ bytes: RawSpan, _ text: StaticString, at offset: Int) -> Bool {
    let expected = Array("\(text)".utf8)
    guard offset + expected.count <= bytes.byteCount else { return false }
    for (index, character) in expected.enumerated() where bytes.byte(at: offset + index) != character { return false }
    return true
  }

  /// The first page's first packet names its codec (RFC 3533, RFC 7845).
  private static func ogg(_ bytes: RawSpan) -> String? {
    let start = 27 + Int(bytes.byte(at: 26))
    if has(bytes, "OpusHead", at: start) { return "audio/ogg" }
    if has(bytes, "\u{1}vorbis", at: start) { return "audio/ogg" }
    if has(bytes, "\u{7F}FLAC", at: start) { return "audio/ogg" }
    guard start < bytes.byteCount, bytes.byte(at: start) == 0x80 else { return nil }
    return has(bytes, "theora", at: start + 1) ? "video/ogg" : nil
  }

  /// The major brand (ISO/IEC 14496-12 §4.3). QuickTime's and pictures' brands are not among them.
  private static func isoMedia(_ bytes: RawSpan) -> String? {
    for brand: StaticString in ["M4A ", "M4B "] where has(bytes, brand, at: 8) { return "audio/mp4" }
    for brand: StaticString in ["isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "dash"]
    where has(bytes, brand, at: 8) { return "video/mp4" }
    return nil
  }

  /// The document type stands in the first element (RFC 8794 §11.2.6).
  private static func matroska(_ bytes: RawSpan) -> String? {
    for offset in 4..<min(64, bytes.byteCount) where has(bytes, "\u{42}", at: offset) {
      // Identifier 0x4282, a length of four, "webm".
      guard offset + 7 <= bytes.byteCount, bytes.uint16(at: offset) == 0x4282 else { continue }
      guard bytes.byte(at: offset + 2) == 0x84, has(bytes, "webm", at: offset + 3) else { return nil }
      return "video/webm"
    }
    return nil
  }

  /// Two frames of MPEG audio in a row (ISO/IEC 11172-3): one could be chance.
  private static func isAudioFrame(_ bytes: RawSpan) -> Bool {
    guard let first = audioFrame(bytes, at: 0) else { return false }
    return audioFrame(bytes, at: first) != nil
  }

  /// Bytes of the layer III frame at `offset`.
  private static func audioFrame(_ bytes: RawSpan, at offset: Int) -> Int? {
    guard offset + 4 <= bytes.byteCount else { return nil }
    let head = bytes.uint32(at: offset)
    // Sync word, MPEG-1 or -2, layer III.
    guard head >> 21 == 0x7FF, head >> 19 & 3 >= 2, head >> 17 & 3 == 1 else { return nil }
    let isFirst = head >> 19 & 3 == 3
    let rates = isFirst ? [44_100, 48_000, 32_000] : [22_050, 24_000, 16_000]
    let bitrates =
      isFirst
      ? [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
      : [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
    let (bitrate, rate) = (Int(head >> 12 & 15), Int(head >> 10 & 3))
    guard (1...14).contains(bitrate), rate < 3 else { return nil }
    return (isFirst ? 144_000 : 72_000) * bitrates[bitrate - 1] / rates[rate] + Int(head >> 9 & 1)
  }

  /// UTF-8 without control characters but tab, line ends and form feed.
  private static func isText(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 0 else { return false }
    for offset in 0..<bytes.byteCount {
      let byte = bytes.byte(at: offset)
      if byte < 0x20, byte != 9, byte != 10, byte != 13, byte != 12 { return false }
      if byte == 0x7F { return false }
    }
    return true
  }

  /// Whether text could be taken for a page, a drawing or a script by what ignores its type: it is only downloaded then.
  static func looksActive(_ bytes: [UInt8]) -> Bool {
    let head = String(decoding: bytes.prefix(4096), as: UTF8.self).lowercased()
    let signs = [
      "<!doctype", "<html", "<head", "<body", "<script", "<svg", "<?xml", "<iframe", "<object", "<embed", "<style",
      "<!--", "<meta", "<link", "<?php",
    ]
    return signs.contains { head.contains($0) }
  }
}
