// Pictures of people (MQ-069). Only a square that our own library has drawn anew is kept of them.

import API
import Access
import Chronology
import Identifiers
import Identity
import JSON
import Problems
import SQL

enum AvatarRoutes {
  static let all: [Route] = [
    Route(
      .post, "/users/me/avatar", "setAvatar",
      "Gives the caller a picture: an image as for uploads, of which a square of 256 pixels is kept.", tag: "Users",
      access: .person, body: .file(limit: Limit.avatarBytes + Limit.formBytes),
      answer: [Shape.Field("user", .reference("OwnUser"))], problems: [.validation, .unavailable], rate: .upload,
      handle: set),
    Route(
      .delete, "/users/me/avatar", "removeAvatar", "Takes the caller's picture away.", tag: "Users", access: .person,
      answer: [Shape.Field("user", .reference("OwnUser"))], handle: remove),
    Route(
      .get, "/users/{user_id}/avatar", "getAvatar", "A member's picture.", tag: "Users", access: .member,
      scope: "members.read", query: [QueryParameter("v", .string(0...64), "Changes with the picture.")],
      produces: ["image/webp"], problems: [.notFound], handle: fetch),
  ]

  private static let set: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let upload = try Upload(call, limit: Limit.avatarBytes)
    let work = Work.keep(upload.content, name: upload.name, declaredType: upload.type, purpose: .avatar)
    return .work(work) { result throws(Problem) in
      let file = try Upload.kept(result)
      return .write { writing throws(Problem) in try change(file, of: user, &writing) }
    }
  }

  private static let remove: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    return .write { writing throws(Problem) in try change(nil, of: user, &writing) }
  }

  private static func change(
    _ file: KeptFile?, of user: Identifier, _ writing: inout Writing
  ) throws(Problem) -> Step {
    try writing.tables.execute(
      "UPDATE users SET avatar_blob = ?2, avatar_size = ?3, avatar_type = ?4 WHERE id = ?1", user, file?.blob,
      file?.size, file?.type)
    let view = try UserView.json(user, writing.tables, writing.directory, at: writing.at)
    writing.emit("member_update", ["user": view], to: .everyone)
    let own = try UserView.own(user, writing.tables, writing.directory, at: writing.at)
    return .reply("user", own)
  }

  private static let fetch: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let id = try call.id("user_id")
    return .read { reading throws(Problem) in
      let sql = "SELECT avatar_blob, avatar_size, avatar_type FROM users WHERE id = ?1 AND avatar_blob IS NOT NULL"
      let picture = try reading.tables.first(sql, id) { row in
        FileAnswer.reply(
          blob: row.text(0), size: row.int(1), type: row.optionalText(2) ?? "image/webp", name: nil)
      }
      guard let picture else { throw .notFound("avatar") }
      return .reply(picture)
    }
  }
}
