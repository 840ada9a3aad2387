// Who does the slow work of requests, and how its results come back: by one mailbox, under the number of the work.

import API
import Passwords
import Problems
import Reactor
import Settings

struct Workers: ~Copyable {
  enum Limit {
    /// Results that may wait to be taken: as many as pieces of work may be under way.
    static let results = 4096
  }

  /// A result, under the number of its work.
  struct Outcome: Sendable {
    var id: UInt64
    var result: WorkResult
  }

  let outcomes: Mailbox<Outcome>
  let files: FileWorkers
  private let passwords: PasswordWorkers

  init(_ settings: Settings, log: Log) throws {
    let outcomes = try Mailbox<Outcome>(capacity: Limit.results)
    let files = try FileWorkers(settings, log: log) { id, result in
      _ = outcomes.post(Outcome(id: id, result: result))
    }
    let passwords = try PasswordWorkers(threads: settings.passwordThreads, cost: settings.passwordCost) { id, answer in
      _ = outcomes.post(Outcome(id: id, result: WorkResult(answer)))
    }
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
    case .fetch, .backUp: return false
    }
  }

  consuming func stop() {
    files.stop()
    passwords.stop()
  }
}

extension WorkResult {
  fileprivate init(_ answer: PasswordAnswer) {
    switch answer {
    case .hash(let hash): self = .hash(hash)
    case .matches(let isRight): self = .matches(isRight)
    case .refused: self = .failed(.invalid("/password", "must have at most 72 bytes"))
    }
  }
}
