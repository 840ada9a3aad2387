// Every route, asked by everybody, about what is theirs, what is hidden from them and what is not there. Made from the
// route table: a route that is added is asked too.

import API
import Access
import Chronology
import CommunitySupport
import Endpoints
import Identifiers
import Identity
import JSON
import Problems
import SQL
import Testing

/// Somebody who asks.
private struct Asker {
  var name: String
  var caller: Caller?
}

/// Whose thing a path's ids name.
private enum Target: String, CaseIterable {
  /// A channel that every member sees; the member's own account.
  case visible
  /// A channel that only moderators see; the owner's account and role.
  case foreign
  case missing
}

private struct World {
  let community: TestCommunity
  let seeded: Seeded
  let askers: [Asker]

  init() throws {
    community = try TestCommunity(Endpoints.all(AccountKeys.random()))
    community.worker = { work in
      switch work {
      case .hashPassword, .checkPassword: TestCommunity.passwords(work)
      case .discard: .done
      default: .failed(Problem(.unavailable, "no such worker in a test"))
      }
    }
    let seeded = try community.seed()
    self.seeded = seeded
    let timedOut = try community.addMember("suspended")
    let now = community.now.wall
    try community.write { (writing) throws(Problem) in
      try writing.tables.execute(
        "UPDATE users SET timed_out_until = ?2 WHERE id = ?1", timedOut,
        WallTime(milliseconds: now.milliseconds + 86_400_000))
      try writing.directoryChanged()
    }
    func person(_ name: String, _ id: Identifier) -> Asker {
      Asker(name: name, caller: Caller(user: id, session: Identifier(rawValue: 1)))
    }
    askers = [
      Asker(name: "nobody", caller: nil), person("member", seeded.member), person("moderator", seeded.moderator),
      person("admin", seeded.admin), person("owner", seeded.owner), person("timed out", timedOut),
      person("stranger", Identifier(rawValue: 77)),
      Asker(name: "bot without scopes", caller: Caller(user: seeded.member, scopes: [])),
    ]
  }

  func path(_ route: Route, _ target: Target) -> String {
    let parts = route.path.split(separator: "/").map { part -> String in
      guard part.first == "{" else { return String(part) }
      return value(String(part.dropFirst().dropLast()), target)
    }
    return "/api/" + parts.joined(separator: "/")
  }

  private func value(_ parameter: String, _ target: Target) -> String {
    let missing = Identifier(rawValue: 0x0123_4567_89ab_cdef).description
    guard target != .missing else { return parameter.hasSuffix("_id") ? missing : "nothing" }
    return switch (parameter, target) {
    case ("channel_id", .visible): seeded.text.description
    case ("channel_id", _): seeded.staff.description
    case ("user_id", .visible): seeded.member.description
    case ("user_id", _): seeded.owner.description
    case ("role_id", .visible): seeded.moderatorRole.description
    case ("role_id", _): seeded.ownerRole.description
    case ("emoji", _): "%F0%9F%91%8D"
    default: parameter.hasSuffix("_id") ? missing : "nothing"
    }
  }

  func ask(_ route: Route, _ asker: Asker, _ target: Target) -> Answer {
    var inquiry = Inquiry(method: route.method.rawValue, path: path(route, target))
    inquiry.caller = asker.caller
    inquiry.origin = community.origin
    switch route.body {
    case .none: break
    case .json(let shape), .optionalJSON(let shape): inquiry.body = shape.example.serialized
    case .file: inquiry.contentType = "application/octet-stream"
    }
    return community.answer(inquiry)
  }

  /// What the router must answer before any handler runs; nil where the handler decides.
  func verdict(_ route: Route, _ asker: Asker, _ target: Target) -> Int? {
    guard route.access != .anyone else { return nil }
    guard let caller = asker.caller else { return 401 }
    // What a bot may not do at all it hears before anything else.
    if let scopes = caller.scopes, route.scope.map({ !scopes.contains($0) }) ?? true { return 403 }
    let directory = community.directory
    let now = community.now.wall
    guard directory.members[caller.user] != nil else { return 401 }
    switch route.access {
    case .anyone, .member, .person: return nil
    case .server(let needed):
      return directory.permissions(of: caller.user, at: now).isSuperset(of: needed) ? nil : 403
    case .channel(let needed):
      guard target != .missing else { return 404 }
      let channel = target == .visible ? seeded.text : seeded.staff
      let held = directory.permissions(of: caller.user, in: channel, at: now)
      guard held.contains(.viewChannel) else { return 404 }
      return held.isSuperset(of: needed) ? nil : 403
    }
  }
}

extension Shape {
  /// The smallest value of this shape.
  fileprivate var example: JSONValue {
    switch self {
    case .any, .reference: .null
    case .boolean: true
    case .integer(let range): .integer(range.contains(0) ? 0 : range.lowerBound)
    case .string(let lengths):
      .string(String(repeating: "a", count: max(lengths.lowerBound, min(8, lengths.upperBound))))
    case .identifier: "0123456789abcdef"
    case .time: "2026-01-01T00:00:00.000Z"
    case .choice(let words): .string(words.first ?? "")
    case .array(let element, let counts): .array(Array(repeating: element.example, count: counts.lowerBound))
    case .nullable: .null
    case .object(let fields): Self.object(fields)
    }
  }

  private static func object(_ fields: [Field]) -> JSONValue {
    var object = JSONObject()
    for field in fields where field.isRequired { object[field.name] = field.schema.example }
    return .object(object)
  }
}

@Suite struct AuthorisationMatrixTests {
  private static let routes = Endpoints.all(AccountKeys.random())

  @Test func `there are routes, and each has a name of its own`() {
    #expect(Self.routes.count > 100)
    #expect(Set(Self.routes.map(\.name)).count == Self.routes.count)
  }

  @Test(arguments: routes.map(\.name))
  func `a route lets in whom it may and changes nothing for anybody else`(_ name: String) throws {
    for target in Target.allCases {
      // A world for each target: what one asker changes may not be what the next one finds.
      let count = try World().askers.count
      for index in 0..<count {
        let world = try World()
        let asker = world.askers[index]
        guard let route = world.community.router.routes.first(where: { $0.name == name }) else { continue }
        let before = world.community.database.totalChanges
        let verdict = world.verdict(route, asker, target)
        let answer = world.ask(route, asker, target)
        let context = "\(route.method.rawValue) \(route.path) by \(asker.name), \(target.rawValue): \(answer.json)"
        if let verdict {
          #expect(answer.status == verdict, "\(context)")
          #expect(world.community.database.totalChanges == before, "\(context)")
          #expect(world.community.takeEvents().isEmpty, "\(context)")
        } else {
          #expect(Self.documented(route).contains(answer.status), "\(context)")
          #expect(answer.code != "INTERNAL_ERROR", "\(context)")
        }
        // Nobody learns anything from an id that is not there.
        if target == .missing, !route.parameters.isEmpty, asker.caller != nil, !Self.forgetting.contains(name) {
          #expect(answer.status >= 400, "\(context)")
        }
      }
    }
  }

  /// They take back what the caller set for somebody, whoever that was: done is done.
  private static let forgetting: Set = ["resetVolume", "unblockUser"]

  /// Statuses that the document names for a route.
  private static func documented(_ route: Route) -> Set<Int> {
    let document = OpenAPI.document([route], [], version: "1")
    let operation = document["paths"]?["/api" + route.path]?[route.method.rawValue.lowercased()]
    return Set((operation?["responses"]?.object?.members ?? []).compactMap { Int($0.key) })
  }
}
