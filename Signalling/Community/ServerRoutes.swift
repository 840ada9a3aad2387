// The community's name and icon (MQ-050, MQ-051).

import API
import Access
import Identifiers
import JSON
import Problems
import SQL

enum ServerRoutes {
  static let all: [Route] = [
    Route(
      .get, "/server", "getServer", "The community's name and icon.", tag: "Server", access: .member,
      scope: "channels.read",
      answer: [.init("server", .reference("Server"))], handle: get),
    Route(
      .patch, "/server", "updateServer", "Renames the community or takes its icon away.", tag: "Server",
      access: .server(.admin),
      body: .json(
        .object([
          .optional("name", Names.shape),
          .optional(
            "icon", .nullable(.string(0...0)),
            "Null (or nothing) takes the icon away; `PUT /server/icon` gives it one."),
        ])),
      answer: [.init("server", .reference("Server"))], handle: update),
    Route(
      .get, "/server/icon", "getServerIcon", "The community's icon.", tag: "Server", access: .anyone,
      produces: ["image/png", "image/jpeg", "image/webp"], problems: [.notFound], handle: icon),
    Route(
      .put, "/server/icon", "setServerIcon", "Gives the community an icon: an image, cut to a square.", tag: "Server",
      access: .server(.admin), body: .file(limit: Limit.icon), answer: [.init("server", .reference("Server"))],
      problems: [.validation], rate: .upload, handle: setIcon),
  ]

  @Sendable private static func get(_ call: Call) throws(Problem) -> Step {
    .read { reading throws(Problem) in .reply("server", try ServerView.server(reading.tables)) }
  }

  @Sendable private static func update(_ call: Call) throws(Problem) -> Step {
    let name = try Names.read(call)
    return .write { writing throws(Problem) in
      let old = try ServerView.server(writing.tables)
      if let name { try writing.tables.execute("UPDATE server SET name = ?1", name) }
      if call.names("icon") {
        try writing.tables.execute("UPDATE server SET icon_blob = NULL, icon_type = NULL, icon_size = NULL")
      }
      return try told(&writing, old, call)
    }
  }

  @Sendable private static func icon(_ call: Call) throws(Problem) -> Step {
    .read { reading throws(Problem) in
      let sql = "SELECT icon_blob, icon_size, icon_type FROM server WHERE icon_blob IS NOT NULL"
      let file = try reading.tables.first(sql) { row in
        FileBody(blob: row.text(0), size: row.int(1), type: row.text(2), disposition: "inline")
      }
      guard let file else { throw .notFound("icon") }
      return .reply(Reply(status: 200, .null, file: file))
    }
  }

  @Sendable private static func setIcon(_ call: Call) throws(Problem) -> Step {
    .work(.keep(call.bytes, name: "icon", declaredType: call.contentType, purpose: .avatar)) { result throws(Problem) in
      switch result {
      case .failed(let problem): throw problem
      case .kept(let file): .write { writing throws(Problem) in try setIcon(file, &writing, call) }
      default: throw .internal
      }
    }
  }

  private static func setIcon(_ file: KeptFile, _ writing: inout Writing, _ call: Call) throws(Problem) -> Step {
    let old = try ServerView.server(writing.tables)
    try writing.tables.execute(
      "UPDATE server SET icon_blob = ?1, icon_type = ?2, icon_size = ?3", file.blob, file.type, file.size)
    return try told(&writing, old, call)
  }

  private static func told(_ writing: inout Writing, _ old: JSONValue, _ call: Call) throws(Problem) -> Step {
    let server = try ServerView.server(writing.tables)
    if let change = Difference.between(old, server) {
      try writing.record(
        AuditEntry(
          "server_update", "community", record: ("server", server["id"]?.string ?? ""), old: change.old,
          new: change.new), call)
      writing.emit("server_update", ["server": server], to: .everyone)
      writing.then(.settingsChanged)
    }
    return .reply("server", server)
  }
}
