// The first set-up: the server, its roles and channels, and the account of its owner, all at once or not at all.

import API
import Access
import Chronology
import Cryptography
import Identifiers
import JSON
import Problems

extension IdentityRoutes {
  var setupRoutes: [Route] {
    [
      Route(
        .get, "/setup", "getSetup", "Whether the server still has to be set up.", tag: "Set-up", access: .anyone,
        answer: [
          Shape.Field(
            "setup",
            .object([
              Shape.Field("needed", .boolean),
              Shape.Field("code_needed", .boolean, "whether the caller has to show the code that the server printed"),
            ]))
        ],
        handle: { (call) throws(Problem) in
          let isAtMachine = Self.isAtMachine(call.origin)
          return .read { (reading) throws(Problem) in
            let isNeeded = try reading.tables.needsSetup()
            return .reply("setup", ["needed": .bool(isNeeded), "code_needed": .bool(isNeeded && !isAtMachine)])
          }
        }),
      Route(
        .post, "/setup", "setUp", "Names the server and makes its owner's account; only while nobody has one.",
        tag: "Set-up", access: .anyone,
        body: .json(
          .object(
            [
              Shape.Field("server_name", .string(1...100)),
              .optional("locale", .choice(FirstChannels.locales), "language of the first channels' names"),
              Self.codeField,
            ] + Shapes.registration)),
        answer: [Shape.Field("server", .reference("Server"))] + Shapes.signedIn, status: 201,
        problems: [.conflict, .forbidden], rate: .credentials, headers: BrowserHeaders.all,
        handle: { (call) throws(Problem) in try setUp(call) }),
    ]
  }

  private func setUp(_ call: Call) throws(Problem) -> Step {
    let form = try Registration(call, byOwner: true)
    guard let name = try DisplayText.line(call.body["server_name"]?.string, at: "/server_name") else {
      throw .invalid("/server_name", "is empty")
    }
    return .read { (reading) throws(Problem) in
      // Before the password is hashed: a set-up that is done costs nothing to ask for.
      guard try reading.tables.needsSetup() else { throw Self.isSetUp }
      try checkSetup(call)
      return found(form, name, call)
    }
  }

  static let codeField = Shape.Field.optional(
    "setup_code", .string(1...64), "what the server printed when it started; not needed on the machine itself")

  /// A server without an owner belongs to nobody who merely finds it: only to who sits at its machine, or has read what
  /// it printed there.
  func checkSetup(_ call: Call) throws(Problem) {
    guard !Self.isAtMachine(call.origin) else { return }
    let shown = Array((call.body["setup_code"]?.string ?? "").utf8)
    guard ConstantTime.areEqual(shown, Array(keys.setupCode.utf8)) else {
      throw Problem(
        .forbidden, "show the set-up code that the server printed when it started", reason: "setup_code",
        pointer: "/setup_code")
    }
  }

  /// Whether the caller's browser runs on this machine. The address alone does not say it, because a proxy here may hide
  /// whom it serves; nor does the name, which a page elsewhere can make point here.
  private static func isAtMachine(_ origin: Origin) -> Bool {
    guard origin.address.hasPrefix("127.") || origin.address == "::1" else { return false }
    return ["localhost", "127.0.0.1", "[::1]"].contains { origin.host == $0 || origin.host.hasPrefix($0 + ":") }
  }

  static let isSetUp = Problem(.conflict, "the server is set up already", reason: "set_up")

  /// Hashes the owner's password and makes everything.
  func found(_ form: Registration, _ name: String, _ call: Call) -> Step {
    .work(.hashPassword(form.password)) { (result) throws(Problem) in
      let hash = try result.hash()
      return .write { (writing) throws(Problem) in
        guard try writing.tables.needsSetup() else { throw Self.isSetUp }
        let channels = FirstChannels(locale: call.body["locale"]?.string ?? "tr")
        let server = try writing.found(name, channels)
        let owner = try writing.register(form, passwordHash: hash)
        try writing.tables.execute(
          "INSERT INTO user_roles (user_id, role_id) SELECT ?1, id FROM roles WHERE kind = 2", owner)
        try writing.directoryChanged()
        var own = call
        own.caller = Caller(user: owner)
        try writing.record(
          AuditEntry("server_create", "identity", record: ("server", server.description), new: ["name": .string(name)]),
          own)
        guard case .reply(var reply) = try signedIn(owner, &writing, call, status: 201) else { throw .internal }
        guard var body = reply.body.object else { throw .internal }
        body["server"] = [
          "id": .string(server.description), "name": .string(name), "icon_url": nil,
          "created_at": .string(Timestamp(writing.at).text),
        ]
        reply.body = .object(body)
        return .reply(reply)
      }
    }
  }
}

/// Names of what a new server begins with.
struct FirstChannels: Sendable {
  static let locales = ["tr", "en"]

  let textCategory: String
  let text: String
  let voiceCategory: String
  let voice: String
  /// Of a server that is made by registering alone.
  let server: String

  init(locale: String) {
    let isEnglish = locale == "en"
    textCategory = isEnglish ? "Text channels" : "Metin kanalları"
    text = isEnglish ? "general" : "genel"
    voiceCategory = isEnglish ? "Voice channels" : "Ses kanalları"
    voice = isEnglish ? "Lounge" : "Sohbet"
    server = isEnglish ? "My server" : "Sunucum"
  }
}

extension Writing {
  /// The server's row, its four roles (MQ-113…MQ-118) and its first channels. What an import has made before stays.
  mutating func found(_ name: String, _ channels: FirstChannels) throws(Problem) -> Identifier {
    let known = try tables.first("SELECT id FROM server LIMIT 1") { $0.identifier(0) }
    let server = known ?? newIdentifier()
    try tables.execute(
      """
      INSERT INTO server (id, name, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET name = ?2
      """, server, name, at)
    if try !tables.exists("SELECT 1 FROM roles WHERE kind = 1") {
      try seed(role: "Member", .everyone, color: "#99AAB5", 0, .memberDefault, hoist: false)
      try seed(role: "Moderator", .ordinary, color: "#3498DB", 1, .moderatorDefault, hoist: true)
      try seed(role: "Admin", .ordinary, color: "#E67E22", 2, .admin, hoist: true)
      try seed(role: "Owner", .owner, color: "#F1C40F", 3, .all, hoist: true)
    }
    if try !tables.exists("SELECT 1 FROM channels WHERE type IN ('text', 'voice')") {
      try seed(channel: channels.text, "text", in: channels.textCategory, 0)
      try seed(channel: channels.voice, "voice", in: channels.voiceCategory, 1)
    }
    return server
  }

  private mutating func seed(
    role name: String, _ kind: Role.Kind, color: String, _ position: Int, _ permissions: Permissions, hoist: Bool
  ) throws(Problem) {
    try tables.execute(
      """
      INSERT INTO roles (id, kind, name, color, position, permissions, hoist, created_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      """, newIdentifier(), kind.rawValue, name, color, position, permissions.rawValue, hoist, at)
  }

  private mutating func seed(
    channel name: String, _ type: String, in category: String, _ position: Int
  ) throws(Problem) {
    let categoryID = newIdentifier()
    try tables.execute(
      "INSERT INTO categories (id, name, position, created_at) VALUES (?1, ?2, ?3, ?4)", categoryID, category, position,
      at)
    try tables.execute(
      "INSERT INTO channels (id, name, type, category_id, position, created_at) VALUES (?1, ?2, ?3, ?4, 0, ?5)",
      newIdentifier(), name, type, categoryID, at)
  }
}

extension WorkResult {
  /// The hash that was asked for.
  func hash() throws(Problem) -> String {
    switch self {
    case .hash(let hash): return hash
    case .failed(let problem): throw problem
    default: throw .internal
    }
  }
}
