// Where the content of files lies. The database says what they are; here are only bytes under their digests.

/// Why content could not be kept or found.
public enum BlobError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Keeping it would leave less than the reserve. Nothing was kept.
  case full(freeBytes: Int)
  case missing(BlobName)
  /// The medium failed; the text is for the log.
  case failed(String)

  public var description: String {
    switch self {
    case .full(let free): "the disk is nearly full: \(free / 1_048_576) MiB are left"
    case .missing(let name): "blob \(name) is missing"
    case .failed(let text): text
    }
  }
}

/// What the program needs of a place for blobs: a folder on a disk, or an object store (MQ-014). Calls block: they are
/// for workers. Safe from several threads at once.
public protocol BlobStore: Sendable {
  /// Keeps `content`. When this returns it has reached the medium. Content that is there already becomes young again.
  func put(_ content: [UInt8]) throws(BlobError) -> BlobName
  func read(_ name: BlobName) throws(BlobError) -> [UInt8]
  /// Bytes; nil when there is no such blob.
  func size(of name: BlobName) -> Int?
  /// Removes it; what is not there is gone already.
  func remove(_ name: BlobName) throws(BlobError)
}
