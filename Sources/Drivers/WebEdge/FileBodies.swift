// Responses out of files: what a request may ask of them (RFC 9110 §13, §14) and the file while it is being sent.

import CLinux
import Glibc
import Reactor

/// A file, or a part of it, in place of a response's body.
public struct HTTPFile: Sendable, Equatable {
  /// Opened when the response is queued. Never made of what a client sent.
  public var path: String
  /// In bytes from the file's beginning.
  public var offset: Int
  /// In bytes; nil: to the file's end.
  public var length: Int?

  public init(path: String, offset: Int = 0, length: Int? = nil) {
    self.path = path
    self.offset = offset
    self.length = length
  }
}

/// What a request says about the version and the part of a file that it wants. Kept until the answer is known.
struct FileConditions: Equatable {
  private var tags: String?
  private var range: String?
  private var rangeTag: String?

  init() {}

  init(_ headers: HTTPHeaders) {
    tags = Self.kept(headers["if-none-match"])
    range = Self.kept(headers["range"])
    rangeTag = Self.kept(headers["if-range"])
    // A condition that was too long to keep does not hold.
    if headers["if-range"] != nil, rangeTag == nil { range = nil }
  }

  private static func kept(_ value: String?) -> String? {
    value.flatMap { $0.utf8.count <= Limit.conditionBytes ? $0 : nil }
  }

  /// The answer to this request when `response` gives all of a file of `size` bytes: that, a part of it (206), nothing
  /// because the client has it (304), or nothing because there is no such part (416).
  func applied(to response: HTTPResponse, size: Int) -> HTTPResponse {
    guard response.status == 200, var file = response.file else { return response }
    var response = response
    let whole = max(0, size - file.offset)
    let length = min(file.length ?? whole, whole)
    let tag = response.headers["etag"]
    if let tag, let tags, Self.lists(tags, tag) {
      return HTTPResponse(status: 304, headers: response.headers.without("content-type"))
    }
    response.headers.set("Accept-Ranges", "bytes")
    file.length = length
    response.file = file
    // A range is of a version; a date is no version that we know (RFC 9110 §13.1.5: a mismatch gives the whole).
    guard let range, rangeTag == nil || (rangeTag == tag && tag?.hasPrefix("W/") == false) else { return response }
    switch ByteRange(range, of: length) {
    case .whole: return response
    case .unsatisfiable:
      var refusal = HTTPResponse.refusal(416, "there is no such part of the file")
      refusal.headers.set("Content-Range", "bytes */\(length)")
      return refusal
    case .part(let part):
      response.status = 206
      response.headers.set("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(length)")
      file.offset += part.lowerBound
      file.length = part.count
      response.file = file
      return response
    }
  }

  /// Whether an If-None-Match field names `tag`, compared weakly (RFC 9110 §8.8.3.2).
  private static func lists(_ field: String, _ tag: String) -> Bool {
    func strong(_ tag: some StringProtocol) -> String { String(tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...]) }
    return field.split(separator: ",").contains { item in
      let item = item.trimmingSpaces
      return item == "*" || strong(item) == strong(tag)
    }
  }
}

/// One range of bytes (RFC 9110 §14.1.2). Several at once, other units and what makes no sense get the whole.
enum ByteRange: Equatable {
  case whole
  case unsatisfiable
  /// Not empty.
  case part(Range<Int>)

  init(_ field: String, of size: Int) {
    self = .whole
    guard field.lowercased().hasPrefix("bytes=") else { return }
    let ends = field.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map(\.trimmingSpaces)
    guard ends.count == 2 else { return }
    guard let first = Self.number(ends[0]) else {
      // "-500": the last 500 bytes.
      guard ends[0].isEmpty, let count = Self.number(ends[1]) else { return }
      let start = size - min(size, count)
      self = start < size ? .part(start..<size) : .unsatisfiable
      return
    }
    let last = ends[1].isEmpty ? Int.max : Self.number(ends[1])
    guard let last, last >= first else { return }
    self = first < size ? .part(first..<(min(last, size - 1) + 1)) : .unsatisfiable
  }

  /// Digits and nothing else; what is larger than any file is as large as can be.
  private static func number(_ text: some StringProtocol) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(text) ?? Int.max
  }
}

extension HTTPHeaders {
  fileprivate func without(_ name: String) -> HTTPHeaders {
    var rest = HTTPHeaders()
    for field in fields where field.name != name { rest.add(field.name, field.value) }
    return rest
  }
}

/// How many files one server has open for sending.
final class FileAllowance {
  let limit: Int
  fileprivate(set) var open = 0

  init(limit: Int) { self.limit = limit }
}

/// A file that is being sent. Closed when the last of it is queued, or with its connection.
final class OpenFile {
  private let descriptor: Descriptor
  private let allowance: FileAllowance
  private var start = 0
  /// Bytes to send.
  private(set) var length: Int

  /// ENOENT when there is no such file, or it is none that can be sent; EMFILE when too many are open.
  init(_ path: String, _ allowance: FileAllowance) throws(SystemError) {
    guard allowance.open < allowance.limit else { throw SystemError("open \(path)", code: EMFILE) }
    let opened = Descriptor(
      owning: try SystemError.check(unsafe mqvi_open_file(path, O_RDONLY | O_NOFOLLOW, 0), "open \(path)"))
    var information = stat()
    // Fills a local.
    guard unsafe fstat(opened.rawValue, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
      throw SystemError("open \(path)", code: ENOENT)
    }
    descriptor = opened
    length = Int(information.st_size)
    self.allowance = allowance
    allowance.open += 1
  }

  deinit { allowance.open -= 1 }

  func narrow(to start: Int, _ length: Int) {
    self.start = start
    self.length = length
  }

  /// Appends the `count` bytes from `offset` of the part that is sent. False when they are not there any more.
  func read(_ count: Int, from offset: Int, into bytes: inout [UInt8]) -> Bool {
    var piece = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      // The kernel writes at most what the array still holds.
      let taken = unsafe piece.withUnsafeMutableBytes { memory in
        unsafe pread(
          descriptor.rawValue, memory.baseAddress.map { unsafe $0 + filled }, count - filled, start + offset + filled)
      }
      guard taken > 0 else { return false }
      filled += taken
    }
    if bytes.isEmpty { bytes = piece } else { bytes += piece }
    return true
  }
}
