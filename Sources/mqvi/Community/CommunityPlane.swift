// The community server inside the process: requests of the API become chains of steps, and this runs them.
//
// It lives on the control thread. Rows are read and written on the store's threads, passwords and files are worked on by
// workers; what they found comes back by mailbox, and the next step follows. Nothing here waits.

import API
import Access
import Chronology
import Endpoints
import Fetch
import Gateway
import Identifiers
import Identity
import Integrations
import JSON
import Problems
import Reactor
import SQL
import Settings
import Store
import Synchronization
import Telemetry
import WebEdge

struct CommunityPlane: ~Copyable {
  typealias Rows = Store<WriterState, Found, Problem>

  /// What came of a job on a database thread.
  enum Found: Sendable {
    case committed(Committed)
    case view(GatewayView)
    case done
    /// What to tell other servers now, and when there is more.
    case deliveries([Delivery], next: WallTime?)
    /// A turn of the upkeep: blobs that nothing names, and whether there is another turn to do.
    case turn(unnamed: [String], hasMore: Bool)
  }

  /// A request on its way through its steps.
  struct Chain {
    /// Nil where nobody waits for an answer.
    var request: RequestID?
    var route: Route
    var call: Call
    var rate: RateState?
  }

  /// What comes back under a number.
  enum Pending {
    case rows(Chain)
    case view(LoadID)
    /// Deliveries to other servers that are due.
    case deliveries
    /// Nobody waits for it.
    case note
    case upkeep
    case work(Chain, @Sendable (WorkResult) throws(Problem) -> Step)
  }

  /// Who comes in by a WebSocket.
  struct Visitor {
    var caller: Caller?
    var resume: Resumption?
  }

  /// What the gateway and the voice rooms begin with.
  struct Beginning: Sendable {
    var directory: Directory
    var authenticator: Authenticator
    var channels: [Identifier: [UInt8]]
  }

  enum Rhythm {
    /// Between two turns of the upkeep when there is nothing to do.
    static let upkeep = Interval.seconds(300)
    /// Answers of other servers that may wait to be taken.
    static let deliveries = 1024
  }

  let log: Log
  let rows: Rows
  let router: Router
  let workers: Workers
  let documentation: APIDocumentation
  /// Facts as of the last commit that was heard of.
  var directory: Directory
  var authenticator: Authenticator
  var limits: RateLimits
  /// Whether links in messages are looked up.
  let linkPreviews: Bool
  var pending: [UInt64: Pending] = [:]
  private var lastJob: UInt64 = 0
  /// Refusals on their way into the audit log.
  var denials = DeniedAccessLog()
  var denialsDue = Instant.distantFuture
  /// When what is done beside the requests has its next turn.
  var upkeepDue = Instant.origin
  let keys: AccountKeys
  let fetcher: Fetcher
  let fetched: Mailbox<FetchResult>
  /// When the outbox is looked into.
  var outboxDue = Instant.origin
  /// When the next member may speak again.
  var timeoutDue = Instant.origin
  /// First byte of the blobs that are looked through next.
  var sweepPosition: UInt8 = 0
  /// Connections of the gateway, and those whose 101 is on its way.
  var sockets: Set<ConnectionID> = []
  var visitors: [ConnectionID: Visitor] = [:]

  /// - Parameter beginning: gets what the living part of the process starts from.
  init(
    _ settings: Settings, keys: AccountKeys, log: Log, at moment: Moment, _ beginning: inout Beginning?
  ) throws {
    let opened = Mutex<Beginning?>(nil)
    let workers = try Workers(settings, log: log)
    let configuration = DataDirectory.store(settings)
    let fetched = try Mailbox<FetchResult>(capacity: Rhythm.deliveries)
    let fetcher = try Fetcher(settings.webhooksToPrivateAddresses ? .everywhere : .globalAddresses, results: fetched)
    let rows = try Rows(configuration, report: { Self.report($0, log) }) { database throws(SQLError) in
      let state = try WriterState(reading: database)
      let authenticator = try Authenticator(keys, reading: database, at: moment.wall)
      let channels = try? GatewayQuery.channels(Reading(database, state.directory, at: moment.wall))
      opened.withLock {
        $0 = Beginning(directory: state.directory, authenticator: authenticator, channels: channels ?? [:])
      }
      return state
    }
    guard let found = opened.withLock({ $0 }) else { preconditionFailure("the store opens or throws") }
    beginning = found
    self.log = log
    self.rows = rows
    self.keys = keys
    self.fetcher = fetcher
    self.fetched = fetched
    self.workers = workers
    directory = found.directory
    authenticator = found.authenticator
    router = Router(Endpoints.all(keys))
    documentation = APIDocumentation(router.routes)
    linkPreviews = settings.linkPreviews
    limits = RateLimits(factor: Double(settings.rateLimitPercent) / 100)
  }

  /// A number under which something comes back.
  mutating func expect(_ what: Pending) -> UInt64 {
    lastJob += 1
    pending[lastJob] = what
    return lastJob
  }

  /// See `AccountKeys.setupCode`; nil once somebody owns the server.
  var setupCode: String? { directory.members.isEmpty ? keys.setupCode : nil }

  /// What makes `wake` be due.
  var watched: [Int32] { [rows.signal.readable, workers.outcomes.signal.readable, fetched.signal.readable] }

  consuming func stop() {
    fetcher.stop()
    workers.stop()
    rows.stop()
  }

  /// What the store did by itself.
  private static func report(_ event: StoreEvent, _ log: Log) {
    switch event {
    case .checked(let faults, let milliseconds) where faults.isEmpty:
      log.record(.info, "database.whole", [("ms", String(milliseconds))])
    case .checked(let faults, _): log.record(.error, "database.damaged", [("faults", faults.joined(separator: "; "))])
    case .backedUp(let path, let bytes, let milliseconds):
      log.record(
        .info, "database.backed-up", [("path", path), ("bytes", String(bytes)), ("ms", String(milliseconds))])
    case .upkeepFailed(let reason): log.record(.error, "database.upkeep-failed", [("reason", reason)])
    case .checkpointFailed(let error): log.record(.error, "database.checkpoint-failed", [("reason", "\(error)")])
    }
  }
}

/// The pages that describe the API, written once.
struct APIDocumentation {
  let openAPI: [UInt8]
  let page: [UInt8]
  let style: [UInt8]

  init(_ routes: [Route]) {
    openAPI = OpenAPI.document(routes, Endpoints.components, version: Version.number).serialized
    page = Array(DocumentationPage.html(routes, Endpoints.components, version: Version.number).utf8)
    style = Array(DocumentationPage.css.utf8)
  }

  /// The answer to a GET of one of them, nil for another path.
  func response(to path: String) -> HTTPResponse? {
    switch path {
    case "/api/openapi.json": answer("application/json", openAPI)
    case "/api/docs": answer("text/html; charset=utf-8", page)
    case "/api/docs.css": answer("text/css; charset=utf-8", style)
    default: nil
    }
  }

  private func answer(_ type: String, _ body: [UInt8]) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      headers: [
        "Content-Type": type, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
      ], body: body)
  }
}
