// The community server inside the process: requests of the API become chains of steps, and this runs them.
//
// It lives on the control thread. Rows are read and written on the store's threads, passwords and files are worked on by
// workers; what they found comes back by mailbox, and the next step follows. Nothing here waits.

import API
import Access
import Chronology
import Identity
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
  enum Limit {
    /// Results of workers that may wait to be taken: as many as pieces of work may be under way.
    static let results = 4096
  }

  typealias Rows = Store<WriterState, Committed, Problem>

  /// A request on its way through its steps.
  struct Chain {
    var request: RequestID
    var route: Route
    var call: Call
    var rate: RateState?
  }

  /// What comes back under a number.
  enum Pending {
    case rows(Chain)
    case work(Chain, @Sendable (WorkResult) throws(Problem) -> Step)
  }

  let log: Log
  let rows: Rows
  let router: Router
  let results: Mailbox<WorkOutcome>
  let documentation: APIDocumentation
  /// Facts as of the last commit that was heard of.
  var directory: Directory
  var authenticator: Authenticator
  var limits: RateLimits
  var pending: [UInt64: Pending] = [:]
  var lastJob: UInt64 = 0

  init(_ settings: Settings, keys: AccountKeys, log: Log, at moment: Moment) throws {
    let opened = Mutex<(directory: Directory, authenticator: Authenticator)?>(nil)
    let configuration = DataDirectory.store(settings)
    let results = try Mailbox<WorkOutcome>(capacity: Limit.results)
    let rows = try Rows(configuration, report: { Self.report($0, log) }) { database throws(SQLError) in
      let state = try WriterState(reading: database)
      let authenticator = try Authenticator(keys, reading: database, at: moment.wall)
      opened.withLock { $0 = (state.directory, authenticator) }
      return state
    }
    guard let (directory, authenticator) = opened.withLock({ $0 }) else {
      preconditionFailure("the store opens or throws")
    }
    self.log = log
    self.directory = directory
    self.authenticator = authenticator
    self.results = results
    self.rows = rows
    router = Router(CommunityRoutes.all)
    documentation = APIDocumentation(router.routes)
    limits = RateLimits(factor: Double(settings.rateLimitPercent) / 100)
  }

  /// What makes `wake` be due.
  var watched: [Int32] { [rows.signal.readable, results.signal.readable] }

  consuming func stop() { rows.stop() }

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

/// A worker's answer, under the number of the work.
struct WorkOutcome: Sendable {
  var id: UInt64
  var result: WorkResult
}

/// The pages that describe the API, written once.
struct APIDocumentation {
  let openAPI: [UInt8]
  let page: [UInt8]
  let style: [UInt8]

  init(_ routes: [Route]) {
    openAPI = OpenAPI.document(routes, CommunityRoutes.components, version: Version.number).serialized
    page = Array(DocumentationPage.html(routes, CommunityRoutes.components, version: Version.number).utf8)
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
