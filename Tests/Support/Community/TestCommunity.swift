// The community server without threads, sockets and clock: routes over a database in memory, run step by step.

public import API
public import Access
public import Chronology
public import Identifiers
public import JSON
public import Problems
public import SQL
import Schema

/// What a request came to.
public struct Answer {
  public var status: Int
  /// The envelope as a client reads it.
  public var json: JSONValue
  public var headers: [(name: String, value: String)]
  public var file: FileBody?
  public var raw: [UInt8]?

  public subscript(member: String) -> JSONValue { json[member] ?? .null }
  /// The `code` of a refusal.
  public var code: String? { json["code"]?.string }
}

/// A whole community in one value, with a clock that only the test moves.
public final class TestCommunity {
  public typealias Worker = (Work) -> WorkResult
  public typealias Life = (LiveRequest) -> LiveAnswer

  public let database: Database
  public let router: Router
  public private(set) var state: WriterState
  /// What was told to the gateway, in the order of commits.
  public private(set) var events: [Event] = []
  public private(set) var consequences: [Consequence] = []
  public private(set) var now = Moment(instant: .origin + .seconds(1), wall: WallTime(milliseconds: 1_800_000_000_000))
  /// Does what workers do. By default a password's hash is the password behind `test$`, and nothing else works.
  public var worker: Worker = TestCommunity.passwords
  /// Answers for the living process. By default nobody is online and every voice channel is empty.
  public var life: Life = TestCommunity.nobody
  public var origin = Origin(address: "192.0.2.1", userAgent: "test")

  public init(_ routes: [Route]) throws {
    database = try Database(path: ":memory:", mode: .memory)
    _ = try Migrations.run(Schema.migrations, on: database)
    router = Router(routes)
    state = WriterState(directory: Directory(), identifiers: IdentifierSource(), auditTip: [])
  }

  public var directory: Directory { state.directory }

  public func advance(_ interval: Interval) {
    now.instant += interval
    now.wall.milliseconds += interval.milliseconds
  }

  public func takeEvents() -> [Event] {
    defer { events = [] }
    return events
  }

  public func takeConsequences() -> [Consequence] {
    defer { consequences = [] }
    return consequences
  }

  /// Asks the API as `user`: a path with its query, as a client writes it.
  public func call(
    _ method: String, _ path: String, _ body: JSONValue? = nil, as user: Identifier? = nil, caller: Caller? = nil,
    bytes: [UInt8] = [], contentType: String = "application/json", reason: String? = nil,
    headers: [String: String] = [:]
  ) -> Answer {
    let parts = path.split(separator: "?", maxSplits: 1)
    var inquiry = Inquiry(method: method, path: String(parts[0]))
    for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let sides = pair.split(separator: "=", maxSplits: 1).map { PercentEncoding.decode($0, plusIsSpace: true) ?? "" }
      inquiry.query[sides[0]] = sides.count > 1 ? sides[1] : ""
    }
    inquiry.body = body?.serialized ?? bytes
    inquiry.contentType = contentType
    inquiry.caller = caller ?? user.map { Caller(user: $0) }
    inquiry.origin = origin
    inquiry.reason = reason
    inquiry.headers = headers
    return answer(inquiry)
  }

  public func answer(_ inquiry: Inquiry) -> Answer {
    do throws(Problem) {
      let (route, values) = try router.find(inquiry.method, inquiry.path)
      let call = try router.call(route, values, inquiry, directory, at: now)
      return Self.answer(try run(route.handle(call), route, call))
    } catch {
      return Answer(
        status: error.code.status, json: (try? JSONValue(parsing: error.envelope())) ?? .null, headers: error.headers)
    }
  }

  /// Runs a job on the writer as the process does, outside any route: for set-up and for jobs of the scheduler.
  public func write<Output>(_ job: (inout Writing) throws(Problem) -> Output) throws(Problem) -> Output {
    try transaction { () throws(Problem) -> Output in
      var writing = Writing(database, state, at: now.wall)
      let output = try job(&writing)
      state = writing.state
      events += writing.events
      consequences += writing.consequences
      return output
    }
  }

  public func read<Output>(_ job: (borrowing Reading) throws(Problem) -> Output) throws(Problem) -> Output {
    try job(Reading(database, directory, at: now.wall))
  }

  // MARK: Steps

  private func run(_ first: Step, _ route: Route, _ call: Call) throws(Problem) -> Reply {
    var step = first
    while true {
      switch step {
      case .reply(let reply): return reply
      case .read(let job): step = try job(Reading(database, directory, at: now.wall))
      case .write(let job):
        step = try transaction { () throws(Problem) -> Step in
          let committed = try route.perform(job, call, database, &state, at: now.wall)
          events += committed.events
          consequences += committed.consequences
          return try committed.next.get()
        }
      case .work(let work, let then): step = try then(worker(work))
      case .live(let request, let then): step = try then(life(request))
      }
    }
  }

  private func transaction<Output>(_ body: () throws(Problem) -> Output) throws(Problem) -> Output {
    do { try database.script("SAVEPOINT job") } catch { throw Problem(error) }
    do throws(Problem) {
      let output = try body()
      do { try database.script("RELEASE job") } catch { throw Problem(error) }
      return output
    } catch {
      try? database.script("ROLLBACK TO job; RELEASE job")
      throw error
    }
  }

  private static func answer(_ reply: Reply) -> Answer {
    let isJSON = reply.file == nil && reply.raw == nil
    return Answer(
      status: reply.status, json: isJSON ? (try? JSONValue(parsing: reply.envelope)) ?? .null : .null,
      headers: reply.headers, file: reply.file, raw: reply.raw?.bytes)
  }

  // MARK: Stand-ins for what is outside

  public static func passwords(_ work: Work) -> WorkResult {
    switch work {
    case .hashPassword(let password): .hash("test$" + password)
    case .checkPassword(let password, let hash): .matches(hash == "test$" + password)
    default: .failed(Problem(.unavailable, "the test has no such worker"))
    }
  }

  public static func nobody(_ request: LiveRequest) -> LiveAnswer {
    switch request {
    case .presences(let users):
      .json(
        .object(users.reduce(into: JSONObject()) { $0[$1.description] = "offline" }))
    case .voiceParticipants: .json([])
    case .voiceChannel, .moveVoice: .json(nil)
    default: .refused(Problem(.unavailable, "the test has no such life"))
    }
  }
}
