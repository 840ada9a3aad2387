// The child's whole life: it gives up what it does not need, reads one file, looks at it, tells, and ends.
//
// It is this program started anew (`mqvi inspect`), so that nothing has to be installed beside it. libvips and libmagic
// are opened here and nowhere else. A parser that is taken over finds a process without files, sockets, other programs
// to start or memory of the server's.

import CInspection
import Glibc

public enum InspectionChild {
  /// Looks at standard input as `arguments` wish and writes the report to standard output. Does not return.
  public static func run(_ arguments: [String]) -> Never {
    guard let wish = InspectionWish(arguments) else { _exit(2) }
    guard mqvi_confine(UInt64(InspectionLimit.memoryBytes), UInt32(InspectionLimit.processorSeconds)) == 0 else {
      _exit(3)
    }
    var report = InspectionReport()
    if mqvi_magic_open() != 0 { report.missing.append("libmagic") }
    if wish != .type, mqvi_vips_open() != 0 { report.missing.append("libvips") }
    guard let file = read(), mqvi_seal() == 0 else { _exit(3) }
    report.type = type(of: file)
    if wish != .type { report.picture = picture(of: file, wish) }
    _exit(write(report.serialized) ? 0 : 4)
  }

  private static func read() -> [UInt8]? {
    var file: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 256 * 1024)
    while true {
      // The kernel writes at most what the array holds.
      let count = unsafe Glibc.read(0, &piece, piece.count)
      guard count >= 0, file.count + count <= InspectionLimit.fileBytes else { return nil }
      guard count > 0 else { return file }
      file += piece[..<count]
    }
  }

  private static func write(_ bytes: [UInt8]) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { source in
        unsafe Glibc.write(1, source.baseAddress.map { unsafe $0 + offset }, source.count - offset)
      }
      guard count > 0 else { return false }
      offset += count
    }
    return true
  }

  private static func type(of file: [UInt8]) -> String? {
    var text = [CChar](repeating: 0, count: 128)
    // Reads `file.count` bytes and writes at most what `text` holds, with a zero at its end.
    guard unsafe mqvi_magic_type(file, file.count, &text, text.count) == 0 else { return nil }
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return InspectionReport.mediaType(String(decoding: bytes, as: UTF8.self))
  }

  private static func picture(of file: [UInt8], _ wish: InspectionWish) -> InspectionReport.Picture? {
    var found = unsafe mqvi_picture()
    // The picture's size is known from its head: a bomb is not decoded.
    guard unsafe mqvi_vips_measure(file, file.count, &found) == 0 else { return nil }
    let (width, height) = unsafe (Int(found.width), Int(found.height))
    guard width > 0, height > 0, width <= InspectionLimit.pixels / height else { return nil }
    let (wantedWidth, wantedHeight, crops): (Int, Int, Bool) =
      switch wish {
      case .type: (0, 0, false)
      case .thumbnail(let width, let height): (width, height, false)
      case .square(let side): (side, side, true)
      }
    let code = unsafe mqvi_vips_thumbnail(
      file, file.count, Int32(wantedWidth), Int32(wantedHeight), crops ? 1 : 0, &found)
    guard code == 0, let bytes = unsafe found.bytes else { return nil }
    // The library made `count` bytes there, which stay until the process ends.
    let copy = unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: found.count))
    return unsafe InspectionReport.Picture(width: Int(found.width), height: Int(found.height), bytes: copy)
  }
}
