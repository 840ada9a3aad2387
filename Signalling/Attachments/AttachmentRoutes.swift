// Uploading and fetching files (MQ-081, MQ-141, MQ-142).

public import API
import Access
import Chronology
import Identifiers
import JSON
import Problems

public enum AttachmentRoutes {
  public static let all: [Route] = files + AvatarRoutes.all

  /// Objects that the routes refer to by name.
  public static let components: Components = [("Attachment", Attachment.shape)]

  private static let files: [Route] = [
    Route(
      .post, "/upload", "uploadFile",
      """
      Uploads a file for a message: as the file of a form (multipart/form-data), or as the body with its name, \
      percent-encoded, in X-File-Name. What is not sent within 24 hours is removed.
      """, tag: "Files", access: .member, scope: "messages.write",
      body: .file(limit: Limit.fileBytes + Limit.formBytes),
      answer: [Shape.Field("attachment", .reference("Attachment"))], status: 201,
      problems: [.validation, .conflict, .unavailable], rate: .upload, headers: ["x-file-name"], handle: upload),
    Route(
      .get, "/attachments/{attachment_id}/{name}", "getAttachment",
      "A file, to those who see its channel. The name in the path is for people. Ranges are answered.", tag: "Files",
      access: .member, scope: "messages.read", produces: produced, problems: [.notFound], handle: fetch),
    Route(
      .get, "/attachments/{attachment_id}/{name}/thumbnail", "getThumbnail",
      "The picture of a file in at most 400 pixels.", tag: "Files", access: .member, scope: "messages.read",
      produces: ["image/webp", "image/jpeg"], problems: [.notFound], handle: fetchThumbnail),
  ]

  private static let produced =
    FileAnswer.shown.sorted() + ["application/pdf", "application/octet-stream"]

  private static let upload: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let upload = try Upload(call, limit: Limit.fileBytes)
    return .read { reading throws(Problem) in
      try require(user, upload.content.count, reading.tables, reading.directory, at: reading.at)
      let work = Work.keep(upload.content, name: upload.name, declaredType: upload.type, purpose: .attachment)
      return .work(work) { result throws(Problem) in
        let file = try Upload.kept(result)
        return .write { writing throws(Problem) in
          // Others of the same member may have been stored meanwhile.
          try require(user, file.size, writing.tables, writing.directory, at: writing.at)
          let stored = try Attachments.store(file, name: upload.name, by: user, &writing)
          return .reply("attachment", stored.json, status: 201)
        }
      }
    }
  }

  /// Who may only look has nothing to upload; who has filled their place, no more.
  private static func require(
    _ user: Identifier, _ count: Int, _ tables: Tables, _ directory: Directory, at time: WallTime
  ) throws(Problem) {
    let isAdministrator = directory.permissions(of: user, at: time).contains(.admin)
    if let until = directory.members[user]?.timedOutUntil, until > time, !isAdministrator { throw .forbidden }
    try Quota.require(count, for: user, tables)
  }

  private static let fetch: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let id = try call.id("attachment_id")
    return .read { reading throws(Problem) in
      let file = try Attachments.find(id, for: user, reading)
      return .reply(FileAnswer.reply(blob: file.blob, size: file.size, type: file.type, name: file.name))
    }
  }

  private static let fetchThumbnail: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let id = try call.id("attachment_id")
    return .read { reading throws(Problem) in
      let file = try Attachments.find(id, for: user, reading)
      guard let thumbnail = file.thumbnail else { throw .notFound("thumbnail") }
      return .reply(
        FileAnswer.reply(blob: thumbnail.blob, size: thumbnail.size, type: thumbnail.type, name: nil))
    }
  }
}
