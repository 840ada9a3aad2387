// Who does the slow work of requests, and how its results come back: by one mailbox, under the number of the work.

import API
import Chronology
import Fetch
import Passwords
import Problems
import Reactor
import Settings

struct Workers: ~Copyable {
  enum Limit {
    /// Results that may wait to be taken: as many as pieces of work may be under way.
    static let results = 4096
    /// For a page of another server, name lookup and redirects included.
    static let fetchTime = Interval.seconds(5)
  }

  /// A result, under the number of its work.
  struct Outcome: Sendable {
    var id: UInt64
    var result: WorkResult
  }

  let outcomes: Mailbox<Outcome>
  let files: FileWorkers
  private let passwords: PasswordWorkers
  private let fetcher: Fetcher

  init(_ settings: Settings, log: Log) throws {
    let outcomes = try Mailbox<Outcome>(capacity: Limit.results)
    let files = try FileWorkers(settings, log: log) { id, result in
      _ = outcomes.post(Outcome(id: id, result: result))
    }
    let passwords = try PasswordWorkers(threads: settings.passwordThreads, cost: settings.passwordCost) { id, answer in
      _ = outcomes.post(Outcome(id: id, result: WorkResult(answer)))
    }
    // Members write the addresses: never to machines of our own network.
    let fetcher = try Fetcher(.globalAddresses) { outcomes.post(Outcome(id: $0.id, result: WorkResult($0))) }
    self.fetcher = fetcher
    self.files = files
    self.passwords = passwords
    self.outcomes = outcomes
  }

  /// Begins a piece of work. False when too much of its kind waits.
  borrowing func begin(_ work: Work, id: UInt64) -> Bool {
    switch work {
    case .hashPassword(let password): return passwords.post(id, .hash(password))
    case .checkPassword(let password, let hash): return passwords.post(id, .check(password, hash: hash))
    case .keep, .discard: return files.post(id, work)
    case .fetch(let request): return fetcher.post(FetchRequest(id: id, request))
    case .backUp: return false
    }
  }

  consuming func stop() {
    fetcher.stop()
    files.stop()
    passwords.stop()
  }
}

extension FetchRequest {
  fileprivate init(id: UInt64, _ request: OutsideRequest) {
    let headers = request.headers.compactMap { line -> (name: String, value: String)? in
      line.firstRange(of: ": ").map { (String(line[..<$0.lowerBound]), String(line[$0.upperBound...])) }
    }
    self.init(
      id: id, url: request.url, headers: headers, body: request.body,
      method: request.method == "GET" ? .get(keeping: request.limit) : .post, timeout: Workers.Limit.fetchTime)
  }
}

extension WorkResult {
  fileprivate init(_ fetched: FetchResult) {
    guard let status = fetched.status else {
      self = .failed(Problem(.unavailable, "the other server did not answer"))
      return
    }
    self = .fetched(status: status, type: fetched.type, body: fetched.body)
  }

  fileprivate init(_ answer: PasswordAnswer) {
    switch answer {
    case .hash(let hash): self = .hash(hash)
    case .matches(let isRight): self = .matches(isRight)
    case .refused: self = .failed(.invalid("/password", "must have at most 72 bytes"))
    }
  }
}
