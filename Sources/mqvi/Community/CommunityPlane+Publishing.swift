// What follows a commit: new facts, events for the gateway, and what the process must do.

import API
import Access
import Chronology
import Gateway
import Identity
import Problems
import Store
import WebEdge

extension CommunityPlane {
  /// First who may ask, then what everybody hears.
  mutating func publish(_ committed: Committed, at moment: Moment, _ living: inout Living) {
    if let directory = committed.directory {
      self.directory = directory
      expectTimeouts(at: moment)
    }
    for consequence in committed.consequences {
      authenticator.apply(consequence, at: moment.wall)
      switch consequence {
      case .sessionsClosed(let logins): living.gateway.ended(logins: logins)
      case .botClosed(let user): living.gateway.ended(bot: user)
      case .statusChosen(let user, let status): living.gateway.chosen(status, by: user, at: moment)
      // The new directory says so already.
      case .memberRemoved: break
      case .channelRemoved: upkeepDue = moment.instant
      case .linksPosted(let message): lookUpLinks(of: message, at: moment)
      case .outboxFilled: outboxDue = moment.instant
      case .sessionOpened, .botOpened, .settingsChanged: break
      }
    }
    living.take(committed, at: moment)
  }

  /// A timeout that ends gives back the right to speak, without any transaction.
  func endTimeouts(at moment: Moment, _ living: inout Living) {
    living.reconsider(directory, at: moment)
  }

  mutating func expectTimeouts(at moment: Moment) {
    let ends = directory.members.values.compactMap { $0.timedOutUntil }.filter { $0 > moment.wall }.min()
    timeoutDue =
      ends.map { moment.instant + .milliseconds($0.milliseconds - moment.wall.milliseconds + 1) } ?? .distantFuture
  }

  /// A refusal for want of permission goes into the audit log, its repeats within a minute as one row (UN-056).
  mutating func note(_ problem: Problem, _ chain: Chain, at moment: Moment) {
    guard
      let denied = DeniedAccess(chain.route, chain.call.path, chain.call.caller, chain.call.origin, problem)
    else { return }
    write(denials.note(denied, at: moment.instant), at: moment)
    denialsDue = min(denialsDue, moment.instant + DeniedAccessLog.Limit.window)
  }

  func write(_ denied: [DeniedAccess], at moment: Moment) {
    // Under no number: nobody waits for it, and a writer that is too busy is not asked again.
    guard !denied.isEmpty else { return }
    _ = rows.change(under: 0, at: moment) { writing throws(Problem) in
      for entry in denied { try entry.record(in: &writing) }
      return .done
    }
  }

  /// Who asks. A cookie speaks for a person only where the person's own page sends it along (UN-012).
  mutating func caller(of request: HTTPRequest, _ inquiry: Inquiry, at moment: Moment) throws(Problem) -> Caller? {
    guard
      let (caller, source) = authenticator.authenticate(
        authorization: request.headers["authorization"], cookie: request.headers["cookie"],
        queryToken: inquiry.query["token"], at: moment.wall)
    else { return nil }
    guard source != .cookie || Self.isOurPage(request) else {
      throw Problem(.forbidden, "this request came from another site", reason: "origin")
    }
    return caller
  }

  /// Whether a request with a cookie was made by a page of ours.
  static func isOurPage(_ request: HTTPRequest) -> Bool {
    OriginCheck.permits(
      method: request.method.rawValue, origin: request.headers["origin"], host: request.origin.host)
  }
}
