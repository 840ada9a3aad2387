// Uploads on threads of their own: kept as blobs, looked at, and removed when nothing names them any more.

import API
import Blobs
import Chronology
import Inspection
import Problems
import Reactor
import Settings
import Synchronization
import Telemetry
import WebEdge

struct FileWorkers: ~Copyable {
  enum Limit {
    /// Files that are worked on at once, each with at most one child process beside the thread.
    static let threads = 2
    /// Pieces of work that may wait.
    static let waiting = 64
    /// Bytes of uploads that may wait.
    static let waitingBytes = 128 * 1024 * 1024
    /// Milliseconds for which a blob that nothing names stays once somebody has stored the same content again.
    static let grace: Int64 = 30 * 60 * 1000
  }

  private struct Job: Sendable {
    var id: UInt64
    var work: Work
    var bytes: Int
  }

  /// Bytes of uploads that wait.
  private final class Backlog: Sendable {
    let bytes = Atomic<Int>(0)
  }

  /// What the log has heard once, so that a missing library is one line and not one for each picture.
  private final class Told: Sendable {
    private let lines = Mutex<Set<String>>([])

    func isNew(_ line: String) -> Bool {
      lines.withLock { $0.count < 100 && $0.insert(line).inserted }
    }
  }

  let blobs: DiskBlobs
  private let pool: WorkPool<Job>
  private let backlog: Backlog

  /// - Parameter report: gets each result under the number of its work, on the thread that worked.
  init(
    _ settings: Settings, log: Log, report: @escaping @Sendable (UInt64, WorkResult) -> Void
  ) throws(SystemError) {
    let blobs = try DiskBlobs(settings)
    let told = Told()
    let keeper = FileKeeper(store: blobs, inspector: Inspector()) { line in
      if told.isNew(line) { log.record(.warning, "files.not-looked-at", [("reason", line)]) }
    }
    let backlog = Backlog()
    let pool = try WorkPool<Job>(name: "files", threads: Limit.threads, capacity: Limit.waiting) { job in
      backlog.bytes.subtract(job.bytes, ordering: .relaxed)
      report(job.id, Self.perform(job.work, keeper, blobs, log))
    }
    self.blobs = blobs
    self.pool = pool
    self.backlog = backlog
  }

  /// Begins work on files. False when too much waits.
  borrowing func post(_ id: UInt64, _ work: Work) -> Bool {
    var bytes = 0
    if case .keep(let content, _, _, _) = work { bytes = content.count }
    let waiting = backlog.bytes.add(bytes, ordering: .relaxed).newValue
    guard waiting <= Limit.waitingBytes, pool.submit(Job(id: id, work: work, bytes: bytes)) else {
      backlog.bytes.subtract(bytes, ordering: .relaxed)
      return false
    }
    return true
  }

  /// Puts a stored file into an answer.
  borrowing func attach(_ file: API.FileBody, to response: inout HTTPResponse) {
    guard let name = BlobName(file.blob) else {
      response = HTTPResponse(Problem.notFound("file"), request: nil)
      return
    }
    response.headers.set("Content-Type", file.type)
    response.headers.set("Content-Disposition", file.disposition)
    response.file = HTTPFile(path: blobs.path(of: name))
  }

  consuming func stop() { pool.stop() }

  private static func perform(
    _ work: Work, _ keeper: FileKeeper<DiskBlobs>, _ blobs: DiskBlobs, _ log: Log
  ) -> WorkResult {
    switch work {
    case .keep(let content, _, _, let purpose):
      do throws(KeepingProblem) {
        let kept = try purpose == .avatar ? keeper.keepAvatar(content) : keeper.keepFile(content)
        return .kept(KeptFile(kept))
      } catch {
        return .failed(Problem(error, log))
      }
    case .discard(let names):
      let time = WallTime(milliseconds: Clock.wallTime().milliseconds - Limit.grace)
      for name in names.compactMap({ BlobName($0) }) {
        do throws(BlobError) { try blobs.remove(name, untouchedSince: time) } catch {
          log.record(.warning, "files.not-removed", [("reason", error.description)])
        }
      }
      return .done
    default: return .failed(.internal)
    }
  }
}

extension DiskBlobs {
  /// Where the settings say that files lie.
  init(_ settings: Settings) throws(SystemError) {
    try self.init(
      directory: settings.fileDirectory.isEmpty ? settings.dataDirectory + "/blobs" : settings.fileDirectory,
      reserve: settings.fileReserveMegabytes * 1_048_576)
  }
}

extension KeptFile {
  init(_ kept: KeptUpload) {
    self.init(blob: kept.blob.description, size: kept.size, type: kept.type)
    width = kept.width
    height = kept.height
    thumbnail = kept.thumbnail?.blob.description
    thumbnailSize = kept.thumbnail?.size
    thumbnailType = kept.thumbnail?.type
  }
}

extension Problem {
  fileprivate init(_ problem: KeepingProblem, _ log: Log) {
    switch problem {
    case .empty: self.init(.validation, "the file is empty", reason: "empty_file")
    case .noPicture:
      self.init(
        .validation, "that is no JPEG, PNG, WebP or GIF picture of at most 64 megapixels", reason: "not_an_image")
    case .unavailable:
      self.init(.unavailable, "this server cannot make pictures smaller: libvips is missing", reason: "no_pictures")
    case .store(.full):
      self.init(
        .unavailable, "the server's disk is nearly full: the file was not saved", reason: "disk_full", retryAfter: 60)
    case .store(let error):
      log.record(.error, "files.not-kept", [("reason", error.description)])
      self = .internal
    }
  }
}
