// Small files, read and written whole.

import CLinux
import Glibc

public enum Files {
  /// All bytes of a file of at most `limit` bytes.
  public static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = Descriptor(
      owning: try SystemError.check(unsafe mqvi_open_file(path, O_RDONLY, 0), "open \(path)"))
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      // Reads at most what the buffer holds.
      let count = unsafe Glibc.read(file.rawValue, &buffer, buffer.count)
      guard count >= 0 else { throw SystemError("read \(path)", code: errno) }
      guard count > 0 else { return bytes }
      guard bytes.count + count <= limit else { throw SystemError("read \(path)", code: EFBIG) }
      bytes += buffer[..<count]
    }
  }

  /// Writes a new file that only its owner may read, and waits until it is on the disk. An existing file is an error.
  public static func createPrivate(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
    let file = Descriptor(
      owning: try SystemError.check(
        unsafe mqvi_open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0o600), "create \(path)"))
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { source in
        unsafe Glibc.write(file.rawValue, source.baseAddress.map { unsafe $0 + offset }, source.count - offset)
      }
      guard count > 0 else { throw SystemError("write \(path)", code: errno) }
      offset += count
    }
    guard fsync(file.rawValue) == 0 else { throw SystemError("write \(path)", code: errno) }
  }

  /// Makes a directory, and those above it, that only its owner may enter. One that exists is left as it is.
  public static func makePrivateDirectory(_ path: String) throws(SystemError) {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      made += "/" + part
      // Our own mode only for what we make.
      guard unsafe mkdir(made, 0o700) == 0 || errno == EEXIST else {
        // A directory that cannot be made may be there all the same, above where we may write.
        guard isDirectory(made) else { throw SystemError("make directory \(made)", code: errno) }
        continue
      }
    }
    guard isDirectory(path) else { throw SystemError("open directory \(path)", code: ENOTDIR) }
  }

  public static func isDirectory(_ path: String) -> Bool {
    var information = stat()
    return unsafe stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  /// The permission bits of a file (0o600…), or nil when there is none.
  public static func mode(_ path: String) -> UInt32? {
    var information = stat()
    return unsafe stat(path, &information) == 0 ? information.st_mode & 0o7777 : nil
  }

  /// Names in a directory, sorted, without those that begin with a dot. Empty when there is no such directory.
  public static func list(_ directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      // The name ends in a zero byte inside the entry, which stays until the next readdir.
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// The path of this program's file.
  public static func executablePath() -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
