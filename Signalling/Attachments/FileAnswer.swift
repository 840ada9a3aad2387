// A stored file as an answer. Whatever people upload, nothing of it runs in a page of ours (UN-072).

import API
import JSON

enum FileAnswer {
  /// Types that a browser may show in place. Everything else is offered for saving, as bytes without a meaning.
  static let shown: Set<String> = [
    "image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "video/webm", "video/ogg", "audio/mp4",
    "audio/mpeg", "audio/ogg", "audio/wav", "text/plain",
  ]

  /// How the file of this type and name is sent.
  static func reply(blob: String, size: Int, type: String, name: String?) -> Reply {
    let isShown = shown.contains(type)
    let servedType =
      switch type {
      case "text/plain": "text/plain; charset=utf-8"
      case "application/pdf": type
      default: isShown ? type : "application/octet-stream"
      }
    let disposition = isShown ? "inline" : "attachment"
    let file = FileBody(
      blob: blob, size: size, type: servedType,
      disposition: name.map { "\(disposition); filename*=UTF-8''\(FileName.encoded($0))" } ?? disposition)
    return Reply(status: 200, .null, headers: headers(blob), file: file)
  }

  /// The name of a blob changes with its content. Browsers keep it for an hour, for nobody else, and then ask whether it
  /// may still be seen.
  private static func headers(_ blob: String) -> [(name: String, value: String)] {
    [
      ("ETag", "\"\(blob.prefix(32))\""), ("Cache-Control", "private, max-age=3600"),
      ("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "sandbox; default-src 'none'"),
      ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
  }
}
