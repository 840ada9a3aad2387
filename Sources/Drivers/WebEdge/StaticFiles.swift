// The web client's files, all in memory: a path that is not in the table cannot be served, whatever it contains.

import Compression
import Reactor

public struct StaticFiles: Sendable {
  public enum Bound {
    /// The built client is about 1 MB with its source maps.
    public static let files = 1000
    public static let fileBytes = 16 * 1024 * 1024
    public static let totalBytes = 64 * 1024 * 1024
    /// Folders inside folders.
    public static let depth = 8
    /// Smaller files gain nothing from being compressed.
    public static let compressedFrom = 1024
  }

  private struct File: Sendable {
    var type: String
    var tag: String
    var bytes: [UInt8]
    /// Nil where compressing gains nothing.
    var gzipped: [UInt8]?
  }

  private var files: [String: File] = [:]

  /// No files.
  public init() {}

  /// Reads every file under `directory`. A directory that is not there gives no files.
  public init(directory: String) throws(SystemError) {
    var total = 0
    try add(directory, at: "", depth: 0, &total)
  }

  public var isEmpty: Bool { files.isEmpty }
  public var count: Int { files.count }

  private mutating func add(_ directory: String, at prefix: String, depth: Int, _ total: inout Int) throws(SystemError)
  {
    for name in Files.list(directory) {
      let path = "\(directory)/\(name)"
      if Files.isDirectory(path) {
        if depth < Bound.depth { try add(path, at: "\(prefix)/\(name)", depth: depth + 1, &total) }
        continue
      }
      guard files.count < Bound.files, total < Bound.totalBytes else { return }
      let bytes = try Files.read(path, limit: Bound.fileBytes)
      total += bytes.count
      files["\(prefix)/\(name)"] = Self.file(name, bytes)
    }
  }

  private static func file(_ name: String, _ bytes: [UInt8]) -> File {
    let (type, isText) = contentType(of: name)
    let gzipped = isText && bytes.count >= Bound.compressedFrom ? Compression.deflate(bytes, .gzip, level: 9) : nil
    let tag = Digest.base64(Array(Digest.sha1(bytes).prefix(12)))
    return File(
      type: type, tag: tag, bytes: bytes, gzipped: gzipped.flatMap { $0.count < bytes.count ? $0 : nil })
  }

  /// The response to a GET or HEAD of `path`, or nil when there is no such file. `/` is `/index.html`.
  public func response(to request: HTTPRequest) -> HTTPResponse? {
    let path = request.path == "/" ? "/index.html" : request.path
    guard let file = files[path] else { return nil }
    let isCompressed = file.gzipped != nil && request.headers.lists("accept-encoding", "gzip")
    // Each encoding is another entity (RFC 9110 §8.8.3.3).
    let tag = "\"\(file.tag)\(isCompressed ? "-gz" : "")\""
    var headers: HTTPHeaders = [
      "ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding",
      "Content-Security-Policy": Self.policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
    ]
    if let known = request.headers["if-none-match"], known.contains(tag) {
      return HTTPResponse(status: 304, headers: headers)
    }
    headers.add("Content-Type", file.type)
    guard isCompressed, let gzipped = file.gzipped else {
      return HTTPResponse(status: 200, headers: headers, body: file.bytes)
    }
    headers.add("Content-Encoding", "gzip")
    return HTTPResponse(status: 200, headers: headers, body: gzipped)
  }

  /// Only our own code runs; connections may go to any LiveKit-compatible server, which the page lets people choose.
  private static let policy = [
    "default-src 'self'", "script-src 'self'", "style-src 'self'", "connect-src 'self' ws: wss:",
    "img-src 'self' data: blob:", "media-src 'self' blob:", "worker-src 'self' blob:", "object-src 'none'",
    "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  private static func contentType(of name: String) -> (type: String, isText: Bool) {
    switch name.split(separator: ".").last.map({ $0.lowercased() }) {
    case "html": ("text/html; charset=utf-8", true)
    case "js", "mjs": ("text/javascript; charset=utf-8", true)
    case "css": ("text/css; charset=utf-8", true)
    case "json", "map": ("application/json", true)
    case "webmanifest": ("application/manifest+json", true)
    case "svg": ("image/svg+xml", true)
    case "txt": ("text/plain; charset=utf-8", true)
    case "png": ("image/png", false)
    case "jpg", "jpeg": ("image/jpeg", false)
    case "webp": ("image/webp", false)
    case "ico": ("image/x-icon", false)
    case "woff2": ("font/woff2", false)
    case "wasm": ("application/wasm", true)
    case "mp3": ("audio/mpeg", false)
    case "ogg": ("audio/ogg", false)
    case "wav": ("audio/wav", false)
    default: ("application/octet-stream", false)
    }
  }
}
