// A file that hangs on a message, or will: its row and its JSON (MQ-024).

import API
import Access
import Chronology
public import Identifiers
public import JSON
import Problems
import SQL

/// What people see a file as.
public enum AttachmentKind: Sendable, Hashable {
  case image
  case video
  case audio
  case other
}

public struct Attachment: Hashable, Sendable {
  public var id: Identifier
  /// Nil until it is sent.
  public var message: Identifier?
  public var channel: Identifier?
  public var user: Identifier
  public var name: String
  public var type: String
  public var size: Int
  var blob: String
  public var width: Int?
  public var height: Int?
  var thumbnail: (blob: String, type: String, size: Int)?

  /// What follows `SELECT`, for `init`.
  static let columns = """
    a.id, a.message_id, a.channel_id, a.user_id, a.filename, a.mime_type, a.file_size, a.blob, a.width, a.height,
    a.thumbnail_blob, a.thumbnail_type, a.thumbnail_size
    """

  init(_ row: borrowing Row) {
    id = row.identifier(0)
    message = row.optionalIdentifier(1)
    channel = row.optionalIdentifier(2)
    user = row.identifier(3)
    name = row.text(4)
    type = row.text(5)
    size = row.int(6)
    blob = row.text(7)
    width = row.optionalInt(8)
    height = row.optionalInt(9)
    if let blob = row.optionalText(10) { thumbnail = (blob, row.text(11), row.int(12)) }
  }

  public static func == (a: Attachment, b: Attachment) -> Bool { a.id == b.id && a.message == b.message }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }

  public var kind: AttachmentKind {
    guard FileAnswer.shown.contains(type) else { return .other }
    if type.hasPrefix("image/") { return .image }
    if type.hasPrefix("video/") { return .video }
    return type.hasPrefix("audio/") ? .audio : .other
  }

  /// Below which it is fetched.
  var url: String { "/api/attachments/\(id)/\(FileName.encoded(name))" }

  /// `{id, filename, url, size, mime_type, width, height, thumbnail_url}`.
  public var json: JSONValue {
    [
      "id": .string(id.description), "filename": .string(name), "url": .string(url), "size": .integer(Int64(size)),
      "mime_type": .string(type), "width": width.map { .integer(Int64($0)) } ?? .null,
      "height": height.map { .integer(Int64($0)) } ?? .null,
      "thumbnail_url": thumbnail == nil ? .null : .string(url + "/thumbnail"),
    ]
  }

  /// The object in the OpenAPI document.
  static let shape = Shape.object([
    Shape.Field("id", .identifier), Shape.Field("filename", .string(1...Limit.nameBytes)),
    Shape.Field("url", .string(1...1024)), Shape.Field("size", .integer(1...Int64(Limit.fileBytes))),
    Shape.Field("mime_type", .string(3...127)), Shape.Field("width", .nullable(.integer(1...Int64(Int32.max)))),
    Shape.Field("height", .nullable(.integer(1...Int64(Int32.max)))),
    Shape.Field("thumbnail_url", .nullable(.string(1...1024))),
  ])
}
