// What follows a commit: new facts, events for the gateway, and what the process must do.

import API
import Access
import Chronology
import Problems
import WebEdge

extension CommunityPlane {
  mutating func publish(_ committed: Committed, at moment: Moment, _ living: inout Living) {
    if let directory = committed.directory { self.directory = directory }
  }

  func caller(of request: HTTPRequest, _ inquiry: Inquiry, at moment: Moment) throws(Problem) -> Caller? { nil }

  mutating func begin(_ work: Work, id: UInt64) -> Bool { false }
}
