// This process as the system knows it: environment, signals to end, standard error, limits.

import CLinux
import Glibc

/// Readable when SIGTERM or SIGINT has come. Made before any thread is started, because the signals must be blocked in
/// all of them.
public struct Termination: ~Copyable {
  private let descriptor: Descriptor

  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try SystemError.check(mqvi_termination_descriptor(), "signalfd"))
  }

  public var readable: Int32 { descriptor.rawValue }

  /// Takes one signal that came, if any.
  public func take() -> Bool { mqvi_take_signal(descriptor.rawValue) > 0 }
}

public enum Process {
  /// The environment, read once.
  public static func environment() -> [String: String] {
    var result: [String: String] = [:]
    var next = unsafe environ
    // A list of "NAME=value" texts that ends in a null pointer; nothing in this process changes it.
    while let entry = unsafe next.pointee {
      let text = unsafe String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        result[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      unsafe next += 1
    }
    return result
  }

  /// Writes to standard error or output without buffering. What cannot be written is lost: there is nobody to tell.
  public static func write(_ text: String, toStandardError: Bool) {
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { source in
        unsafe Glibc.write(
          toStandardError ? 2 : 1, source.baseAddress.map { unsafe $0 + offset }, source.count - offset)
      }
      guard count > 0 else { return }
      offset += count
    }
  }

  /// From now on nobody but the owner may read what this process creates: the database and its log hold what people
  /// wrote to each other.
  public static func keepFilesPrivate() { _ = umask(0o077) }

  /// Raises the limit of open files as far as the system lets us, and tells what it then is.
  @discardableResult
  public static func raiseOpenFileLimit() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    if limit.rlim_cur < limit.rlim_max {
      var raised = limit
      raised.rlim_cur = limit.rlim_max
      if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// Cores that this process may run on.
  public static func availableCores() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Memory that this process really has; 0 where the system does not tell.
  public static func residentBytes() -> Int {
    // Pages: all, resident, shared, …
    let fields = ((try? Files.read("/proc/self/statm", limit: 256)) ?? []).split(separator: UInt8(ascii: " "))
    guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return 0 }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Free bytes for an ordinary user on the file system that holds `path`.
  public static func freeDiskBytes(at path: String) -> Int? {
    var information = statvfs()
    guard unsafe statvfs(path, &information) == 0 else { return nil }
    return Int(clamping: UInt64(information.f_bavail) &* UInt64(information.f_frsize))
  }

  /// Ends the process.
  public static func exit(_ code: Int32) -> Never { Glibc.exit(code) }
}
