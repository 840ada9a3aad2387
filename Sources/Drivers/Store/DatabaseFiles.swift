// The database file and those beside it: who may use them, and moving them so that no crash loses one.

import CLinux
import Glibc
import Reactor

/// Holds a database for one process: an flock(2) on `PATH.lock`, which the kernel lets go when the process ends, however
/// it ends.
struct DatabaseLock: ~Copyable {
  private let descriptor: Descriptor

  init(_ path: String) throws(StoreError) {
    let opened = try StoreError.wrapping { () throws(SystemError) in
      try Files.open(path + ".lock", flags: O_RDWR | O_CREAT, mode: 0o600)
    }
    guard flock(opened.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      throw errno == EWOULDBLOCK ? .inUse(path: path) : .system(SystemError("lock \(path).lock", code: errno))
    }
    descriptor = opened
  }

  /// Holds it as long as `body` runs.
  func during<Output>(_ body: () throws(StoreError) -> Output) throws(StoreError) -> Output { try body() }
}

extension Files {
  static func exists(_ path: String) -> Bool { mode(path) != nil }

  static func size(_ path: String) -> Int {
    var information = stat()
    return unsafe stat(path, &information) == 0 ? Int(information.st_size) : 0
  }

  /// The directory that a path lies in.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func open(_ path: String, flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Descriptor {
    let descriptor = unsafe mqvi_open_file(path, flags | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw SystemError("open \(path)", code: -descriptor) }
    return Descriptor(owning: descriptor)
  }

  /// Waits until a file, or the names in a directory, are on the disk.
  static func synchronize(_ path: String) throws(SystemError) {
    let descriptor = try open(path, flags: O_RDONLY)
    guard fsync(descriptor.rawValue) == 0 else { throw SystemError("write \(path)", code: errno) }
  }

  /// Puts `source` in the place of `target`, which is never missing meanwhile, and waits until that is on the disk.
  static func replace(_ target: String, with source: String) throws(SystemError) {
    guard unsafe rename(source, target) == 0 else { throw SystemError("rename \(source) to \(target)", code: errno) }
    try synchronize(directory(of: target))
  }

  /// A second name for a file.
  static func addName(_ name: String, to path: String) throws(SystemError) {
    guard unsafe link(path, name) == 0 else { throw SystemError("link \(path) to \(name)", code: errno) }
  }

  /// One that is not there is removed already.
  static func remove(_ path: String) throws(SystemError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else { throw SystemError("remove \(path)", code: errno) }
  }
}
