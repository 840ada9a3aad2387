// A request's body as a file: the only part of a form, or the body itself with its name in a header.

import API
import Bytes
import Multipart
import Problems

struct Upload {
  /// As its sender named it, made harmless.
  var name: String
  var type: String
  var content: [UInt8]

  /// The file in `call`, of 1 to `limit` bytes.
  init(_ call: Call, limit: Int) throws(Problem) {
    if call.contentType.lowercased().hasPrefix("multipart/") {
      self = try Self.form(call)
    } else {
      let name = call.headers["x-file-name"].map { PercentEncoding.decode($0) ?? $0 } ?? ""
      self.init(name: FileName.clean(name), type: call.contentType, content: call.bytes)
    }
    guard !content.isEmpty else { throw Problem(.validation, "the file is empty", reason: "empty_file") }
    guard content.count <= limit else { throw Problem(.payloadTooLarge, "a file may have \(limit) bytes at most") }
  }

  private init(name: String, type: String, content: [UInt8]) {
    self.name = name
    self.type = type
    self.content = content
  }

  private static func form(_ call: Call) throws(Problem) -> Upload {
    do throws(MalformedForm) {
      let file = try FormFile(in: call.bytes.rawSpan, contentType: call.contentType)
      return Upload(name: FileName.clean(file.name), type: file.type, content: Array(call.bytes[file.content]))
    } catch {
      throw Problem(.validation, "the form is malformed: \(error.reason)", reason: "malformed_form")
    }
  }

  /// What the worker made of it.
  static func kept(_ result: WorkResult) throws(Problem) -> KeptFile {
    switch result {
    case .kept(let file): return file
    case .failed(let problem): throw problem
    default: throw .internal
    }
  }
}
