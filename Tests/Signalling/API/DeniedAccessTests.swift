// Refusals in the log: one row each, and one for all the repeats of a minute.

import API
import Access
import Chronology
import CommunitySupport
import Identifiers
import JSON
import Problems
import SQL
import Testing

private let route = Route(
  .patch, "/channels/{channel_id}", "updateChannel", "Changes it.", tag: "Channels", access: .member
) { _ in .done }
private let start = Instant.origin

@Suite struct DeniedAccessTests {
  private func denied(_ user: Int64 = 1, channel: String = "c", _ problem: Problem = .forbidden) -> DeniedAccess? {
    DeniedAccess(route, ["channel_id": channel], Caller(user: Identifier(rawValue: user)), Origin(), problem)
  }

  @Test func `only refusals for want of permission count, and only of people who are known`() {
    #expect(denied() != nil)
    #expect(denied(1, channel: "c", .notFound("channel")) == nil)
    #expect(denied(1, channel: "c", .unauthorized) == nil)
    #expect(DeniedAccess(route, [:], nil, Origin(), .forbidden) == nil)
  }

  @Test func `repeats within a minute become one row with their number`() throws {
    var log = DeniedAccessLog()
    let one = try #require(denied())
    #expect(log.note(one, at: start).count == 1)
    for second in 1...59 { #expect(log.note(one, at: start + .seconds(Int64(second))).isEmpty) }
    #expect(log.due(at: start + .seconds(59)).isEmpty)
    #expect(log.due(at: start + .seconds(60)).map(\.repeats) == [59])
    #expect(log.due(at: start + .seconds(120)).isEmpty)
  }

  @Test func `after the minute the next one is written again, with what was folded before it`() throws {
    var log = DeniedAccessLog()
    let one = try #require(denied())
    _ = log.note(one, at: start)
    _ = log.note(one, at: start + .seconds(1))
    #expect(log.note(one, at: start + .seconds(61)).map(\.repeats) == [1, 0])
  }

  @Test func `another person or another channel is another refusal`() throws {
    var log = DeniedAccessLog()
    for value in [denied(1), denied(2), denied(1, channel: "d")] {
      #expect(log.note(try #require(value), at: start).count == 1)
    }
  }

  @Test func `what is remembered is bounded, and nothing is lost beyond`() throws {
    var log = DeniedAccessLog()
    for user in 0..<5000 { #expect(log.note(try #require(denied(Int64(user))), at: start).count == 1) }
    #expect(log.note(try #require(denied(4999)), at: start).count == 1)
    #expect(log.note(try #require(denied(1)), at: start).isEmpty)
    #expect(log.due(at: start, isLast: true).map(\.repeats) == [1])
  }

  @Test func `the row names the endpoint, the target and who it was`() throws {
    let community = try TestCommunity([])
    let one = try #require(denied(7, channel: "0000000000000009"))
    try community.write { writing throws(Problem) in try one.record(in: &writing) }
    let row = try community.database.first(
      "SELECT action, module, record_id, details, user_id FROM audit_logs"
    ) { [$0.text(0), $0.text(1), $0.text(2), $0.text(3), $0.text(4)] }
    #expect(row == ["access_denied", "channels", "0000000000000009", "PATCH /channels/{channel_id}", "7"])
  }
}
