// The name of a file, from whoever uploaded it: shown to people and offered to them for saving, and never a path.

enum FileName {
  /// What remains of `name` when nothing in it can lead anywhere, hide anything or break a line.
  static func clean(_ name: String) -> String {
    // Some browsers sent the whole path, and some attackers still do.
    let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
    var scalars = String.UnicodeScalarView()
    for scalar in last.unicodeScalars where !isHidden(scalar) { scalars.append(scalar) }
    var clean = Substring(String(scalars))
    while let first = clean.first, first == " " { clean = clean.dropFirst() }
    // What Windows would drop by itself: `x.exe .` is `x.exe` there.
    while let end = clean.last, end == " " || end == "." { clean = clean.dropLast() }
    return clean.isEmpty ? "file" : shortened(String(clean))
  }

  /// Control characters, and those that turn the direction of writing: `photo_gpj.exe` can look like `photo_exe.jpg`.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB:
      true
    default: false
    }
  }

  /// Cut between characters, before the extension.
  private static func shortened(_ name: String) -> String {
    guard name.utf8.count > Limit.nameBytes else { return name }
    let dot = name.lastIndex(of: ".")
    let ending = dot.map { name[$0...] }.flatMap { $0.utf8.count <= 16 ? $0 : nil } ?? ""
    var stem = name.dropLast(ending.count)
    while stem.utf8.count + ending.utf8.count > Limit.nameBytes { stem = stem.dropLast() }
    return stem.isEmpty ? "file" : String(stem) + ending
  }

  /// As a segment of a path and as a parameter by RFC 8187: everything but letters, digits and `-._~` is escaped.
  static func encoded(_ name: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
