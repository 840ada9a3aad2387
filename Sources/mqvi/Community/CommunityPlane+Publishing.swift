// What follows a commit: new facts, events for the gateway, and what the process must do.

import API
import Access
import Chronology
import Identity
import Problems
import WebEdge

extension CommunityPlane {
  mutating func publish(_ committed: Committed, at moment: Moment, _ living: inout Living) {
    if let directory = committed.directory { self.directory = directory }
    for consequence in committed.consequences { authenticator.apply(consequence, at: moment.wall) }
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

  mutating func begin(_ work: Work, id: UInt64) -> Bool { false }
}
