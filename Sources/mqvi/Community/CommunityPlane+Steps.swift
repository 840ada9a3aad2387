// The steps of a request, each where it says it runs.

import API
import Attachments
import Blobs
import Chat
import Chronology
import Cryptography
import Integrations
import Gateway
import Identifiers
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
      case .failure(let problem):
        guard let request = chain.request else { return }
        note(problem, chain, at: moment)
        return replies.respond(request, refusal(problem, chain.rate))
      case .success(.reply(let reply)):
        if let request = chain.request { replies.respond(request, answer(reply, chain.rate)) }
        return
      case .success(.live(let request, let then)):
        let answer = living.answer(request, at: moment)
        next = Self.following { () throws(Problem) in try then(answer) }
      case .success(let step):
        guard start(step, chain) else {
          guard let request = chain.request else { return }
          let problem = Problem(.unavailable, "the server is busy, try again", reason: "busy", retryAfter: 1)
          return replies.respond(request, refusal(problem, chain.rate))
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
    let call = chain.call
    let id: UInt64
    let isAccepted: Bool
    switch step {
    case .reply, .live: return true
    case .read(let job):
      let directory = directory
      id = expect(.rows(chain))
      isAccepted = rows.read(id: id) { database throws(Problem) in
        .committed(Committed(next: .success(try job(Reading(database, directory, at: call.at.wall)))))
      }
    case .write(let job):
      let route = chain.route
      id = expect(.rows(chain))
      isAccepted = rows.write(id: id) { database, state throws(Problem) in
        .committed(
          try route.perform(job, call, database, &state, at: call.at.wall) { (writing) throws(Problem) in
            try Outbox.note(writing.events, in: &writing)
          })
      }
    case .work(let work, let then):
      id = expect(.work(chain, then))
      isAccepted = workers.begin(work, id: id)
    }
    if !isAccepted { pending[id] = nil }
    return isAccepted
  }

  /// Of steps that no request began: in no table, so nobody can ask for it.
  private static let ownRoute = Route(
    .post, "/", "own", "What the server does by itself.", tag: "", access: .anyone, handle: { _ in .done })

  /// Looks up the previews of a message's links, if that is wanted. Where the server is too busy there are none.
  mutating func lookUpLinks(of message: Identifier, at moment: Moment) {
    guard linkPreviews else { return }
    let chain = Chain(route: Self.ownRoute, call: Call(directory: directory, at: moment))
    _ = start(Chat.previews(of: message), chain)
  }

  /// Takes what came back from the other threads: commits in their order, each told to the world before its request
  /// goes on.
  mutating func wake(at moment: Moment, _ living: inout Living, _ replies: inout WebReplies) {
    for (id, result) in rows.takeOutcomes() { take(id, result, at: moment, &living, &replies) }
    for outcome in workers.outcomes.takeAll() {
      guard case .work(let chain, let then) = pending.removeValue(forKey: outcome.id) else { continue }
      advance(chain, Self.following { () throws(Problem) in try then(outcome.result) }, at: moment, &living, &replies)
    }
    for result in fetched.takeAll() { delivered(result, at: moment) }
    if timeoutDue <= moment.instant {
      endTimeouts(at: moment, &living)
      expectTimeouts(at: moment)
    }
    if outboxDue <= moment.instant { deliver(at: moment) }
    if upkeepDue <= moment.instant { keepUp(at: moment) }
    if denialsDue <= moment.instant {
      denialsDue = .distantFuture
      write(denials.due(at: moment.instant), at: moment)
    }
  }

  private mutating func take(
    _ id: UInt64, _ result: Result<Found, Problem>, at moment: Moment, _ living: inout Living,
    _ replies: inout WebReplies
  ) {
    guard let waiting = pending.removeValue(forKey: id) else { return }
    if case .success(.committed(let committed)) = result { publish(committed, at: moment, &living) }
    switch (waiting, result) {
    case (.rows(let chain), .success(.committed(let committed))):
      advance(chain, committed.next, at: moment, &living, &replies)
    case (.rows(let chain), .failure(let problem)):
      advance(chain, .failure(problem), at: moment, &living, &replies)
    case (.view(let load), .success(.view(let view))):
      living.gateway.loaded(load, .success(view), voices: living.voiceViews, at: moment)
    case (.view(let load), .failure(let problem)):
      log.record(.error, "gateway.not-ready", [("reason", problem.detail ?? problem.message)])
      living.gateway.loaded(load, .failure(problem), voices: [], at: moment)
    case (.upkeep, .success(.turn(let unnamed, let hasMore))):
      if hasMore { upkeepDue = moment.instant }
      // Under no number: what is not removed now is found again.
      if !unnamed.isEmpty { _ = workers.begin(.discard(blobs: unnamed), id: 0) }
    case (.deliveries, .success(.deliveries(let deliveries, let next))):
      tell(deliveries, next: next, at: moment)
    case (.note, .failure(let problem)):
      log.record(.warning, "database.note-lost", [("reason", problem.detail ?? problem.message)])
    default: return
    }
  }

  /// One turn of what nobody waits for, in a transaction of its own, so that others get their turn between.
  private mutating func keepUp(at moment: Moment) {
    upkeepDue = moment.instant + Rhythm.upkeep
    let job = expect(.upkeep)
    let accepted = rows.change(under: job, at: moment) { writing throws(Problem) in
      try Outbox.trim(&writing)
      let hasMore = try Chat.upkeep(&writing)
      return .turn(unnamed: try Attachments.collect(&writing), hasMore: hasMore)
    }
    if !accepted { pending[job] = nil }
    sweep(at: moment)
  }

  /// Looks through a part of the blobs for what a crash has left without a row, in turn with the upkeep: all of them in
  /// a day.
  private mutating func sweep(at moment: Moment) {
    let part = sweepPosition
    sweepPosition &+= 1
    let blobs = workers.files.blobs
    let job = expect(.upkeep)
    let accepted = rows.read(id: job) { database throws(Problem) in
      let yesterday = WallTime(milliseconds: moment.wall.milliseconds - 86_400_000)
      let names = blobs.names(first: part, untouchedSince: yesterday).map(\.description)
      return .turn(unnamed: try Attachments.unnamed(among: names, Tables(database)), hasMore: false)
    }
    if !accepted { pending[job] = nil }
  }

  // MARK: Answers

  private func answer(_ reply: Reply, _ rate: RateState?) -> HTTPResponse {
    var response = HTTPResponse(reply)
    if let file = reply.file { workers.files.attach(file, to: &response) }
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
