// The steps of a request, each where it says it runs.

import API
import Chronology
import Cryptography
import Problems
import Reactor
import Store
import Telemetry
import WebEdge

extension CommunityPlane {
  /// Does what `next` says, for as long as that needs nobody else.
  mutating func advance(
    _ chain: Chain, _ next: Result<Step, Problem>, at moment: Moment, _ living: inout Living,
    _ replies: inout WebReplies
  ) {
    var next = next
    while true {
      switch next {
      case .failure(let problem): return replies.respond(chain.request, refusal(problem, chain.rate))
      case .success(.reply(let reply)): return replies.respond(chain.request, answer(reply, chain.rate))
      case .success(.live(let request, let then)):
        let answer = living.answer(request, directory, at: moment)
        next = Self.following { () throws(Problem) in try then(answer) }
      case .success(let step):
        guard start(step, chain) else {
          let problem = Problem(.unavailable, "the server is busy, try again", reason: "busy", retryAfter: 1)
          return replies.respond(chain.request, refusal(problem, chain.rate))
        }
        return
      }
    }
  }

  static func following(_ body: () throws(Problem) -> Step) -> Result<Step, Problem> {
    do throws(Problem) { return .success(try body()) } catch { return .failure(error) }
  }

  /// Hands a step to the thread that it runs on. False when that one has too much to do.
  private mutating func start(_ step: Step, _ chain: Chain) -> Bool {
    lastJob += 1
    let id = lastJob
    let call = chain.call
    switch step {
    case .read(let job):
      let directory = directory
      pending[id] = .rows(chain)
      let accepted = rows.read(id: id) { database throws(Problem) in
        Committed(next: .success(try job(Reading(database, directory, at: call.at.wall))))
      }
      if !accepted { pending[id] = nil }
      return accepted
    case .write(let job):
      let route = chain.route
      pending[id] = .rows(chain)
      let accepted = rows.write(id: id) { database, state throws(Problem) in
        try route.perform(job, call, database, &state, at: call.at.wall)
      }
      if !accepted { pending[id] = nil }
      return accepted
    case .work(let work, let then):
      pending[id] = .work(chain, then)
      let accepted = begin(work, id: id)
      if !accepted { pending[id] = nil }
      return accepted
    case .reply, .live: return true
    }
  }

  /// Takes what came back from the other threads: commits in their order, each told to the world before its request
  /// goes on.
  mutating func wake(at moment: Moment, _ living: inout Living, _ replies: inout WebReplies) {
    for (id, result) in rows.takeOutcomes() {
      guard case .rows(let chain) = pending.removeValue(forKey: id) else { continue }
      switch result {
      case .success(let committed):
        publish(committed, at: moment, &living)
        advance(chain, committed.next, at: moment, &living, &replies)
      case .failure(let problem): advance(chain, .failure(problem), at: moment, &living, &replies)
      }
    }
    for outcome in results.takeAll() {
      guard case .work(let chain, let then) = pending.removeValue(forKey: outcome.id) else { continue }
      advance(chain, Self.following { () throws(Problem) in try then(outcome.result) }, at: moment, &living, &replies)
    }
  }

  // MARK: Answers

  private func answer(_ reply: Reply, _ rate: RateState?) -> HTTPResponse {
    var response = HTTPResponse(reply)
    for (name, value) in rate?.headers ?? [] { response.headers.set(name, value) }
    return response
  }

  /// A refusal as an answer. Failures of ours get a number that the log and the answer share.
  func refusal(_ problem: Problem, _ rate: RateState?) -> HTTPResponse {
    var number: String?
    if problem.code == .internal {
      let made = SecureRandom.alphanumeric(10)
      log.record(.error, "api.failed", [("request", made), ("reason", problem.detail ?? "")])
      number = made
    }
    var response = HTTPResponse(problem, request: number)
    for (name, value) in rate?.headers ?? [] { response.headers.set(name, value) }
    return response
  }
}
