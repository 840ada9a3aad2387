// Blobs in a folder: `ab/cd/abcd…`, written beside and renamed into place, so that a blob is whole or not there.

public import Chronology
import CLinux
import Cryptography
import Glibc
import Reactor

public struct DiskBlobs: BlobStore {
  public enum Limit {
    /// Bytes of a blob that is read whole.
    public static let readBytes = 32 * 1024 * 1024
  }

  public let directory: String
  /// Bytes that must stay free on the disk.
  public let reserve: Int
  private var incoming: String { directory + "/incoming" }

  /// Makes the folder if need be, and clears away what a crash left half written.
  public init(directory: String, reserve: Int) throws(SystemError) {
    self.directory = directory
    self.reserve = reserve
    try Files.makePrivateDirectory(directory + "/incoming")
    for name in Files.list(directory + "/incoming") { unlinkFile(directory + "/incoming/" + name) }
  }

  /// Where the blob lies, for sending it. The file may be gone by the time it is opened.
  public func path(of name: BlobName) -> String { "\(folder(of: name))/\(name)" }

  private func folder(of name: BlobName) -> String { "\(directory)/\(name.folders.first)/\(name.folders.second)" }

  public func put(_ content: [UInt8]) throws(BlobError) -> BlobName {
    let name = BlobName(of: content)
    let path = path(of: name)
    // A blob that somebody else is about to give up must not go just after we have found it: its age begins again.
    if size(of: name) == content.count, touch(path) { return name }
    if let free = freeBytes, free - content.count < reserve { throw .full(freeBytes: free) }
    let draft = "\(incoming)/\(name).\(SecureRandom.alphanumeric(8))"
    do throws(SystemError) {
      try Files.createPrivate(draft, content)
      try Files.makePrivateDirectory(folder(of: name))
      guard unsafe rename(draft, path) == 0 else { throw SystemError("rename \(draft)", code: errno) }
      // The entry is on the disk only when its folder is, and that one's when its own is.
      try synchronize(folder(of: name))
      try synchronize("\(directory)/\(name.folders.first)")
      try synchronize(directory)
    } catch {
      unlinkFile(draft)
      if error.code == ENOSPC || error.code == EDQUOT { throw .full(freeBytes: freeBytes ?? 0) }
      throw .failed(error.description)
    }
    return name
  }

  public func read(_ name: BlobName) throws(BlobError) -> [UInt8] {
    do throws(SystemError) {
      return try Files.read(path(of: name), limit: Limit.readBytes)
    } catch {
      throw error.code == ENOENT ? .missing(name) : .failed(error.description)
    }
  }

  public func size(of name: BlobName) -> Int? { information(path(of: name))?.size }

  public func remove(_ name: BlobName) throws(BlobError) {
    guard unsafe unlink(path(of: name)) == 0 || errno == ENOENT else {
      throw .failed(SystemError("unlink \(path(of: name))", code: errno).description)
    }
  }

  /// Removes it unless somebody has put the same content since `time`.
  public func remove(_ name: BlobName, untouchedSince time: WallTime) throws(BlobError) {
    guard let found = information(path(of: name)), found.modified <= time.milliseconds else { return }
    try remove(name)
  }

  /// Bytes that an ordinary user can still write to the disk.
  public var freeBytes: Int? { Process.freeDiskBytes(at: directory) }

  /// Bytes of all blobs. Walks the folders: for a report, not for every request.
  public func totalBytes() -> Int {
    (0...255).reduce(0) { total, first in
      total + names(first: UInt8(first)).reduce(0) { $0 + (size(of: $1) ?? 0) }
    }
  }

  /// Blobs whose digest begins with the byte `first` and that nobody has put since `time`. A part at a time, so that
  /// looking through many blobs takes little memory.
  public func names(first: UInt8, untouchedSince time: WallTime = WallTime(milliseconds: .max)) -> [BlobName] {
    let digits = String(first, radix: 16)
    let outer = directory + "/" + (digits.utf8.count == 1 ? "0" + digits : digits)
    return Files.list(outer).flatMap { inner in
      Files.list("\(outer)/\(inner)").compactMap { BlobName($0) }.filter { name in
        information(path(of: name)).map { $0.modified <= time.milliseconds } ?? false
      }
    }
  }

  // MARK: The system

  private func information(_ path: String) -> (size: Int, modified: Int64)? {
    var information = stat()
    // Fills a local.
    guard unsafe lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
    let time = information.st_mtim
    return (Int(information.st_size), Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  private func touch(_ path: String) -> Bool {
    // A null list of times means now.
    unsafe utimensat(AT_FDCWD, path, nil, 0) == 0
  }

  private func synchronize(_ folder: String) throws(SystemError) {
    let opened = try SystemError.check(
      unsafe mqvi_open_file(folder, O_RDONLY | O_DIRECTORY, 0), "open \(folder)")
    let descriptor = Descriptor(owning: opened)
    guard fsync(descriptor.rawValue) == 0 else { throw SystemError("fsync \(folder)", code: errno) }
  }
}

/// Removes a file of ours if it is there.
private func unlinkFile(_ path: String) { _ = unsafe unlink(path) }
