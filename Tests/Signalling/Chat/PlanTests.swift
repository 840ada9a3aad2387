// The statements that run all day find what they need through an index: their cost does not grow with the server.

import CommunitySupport
import SQL
import Testing

@testable import Chat

@Suite struct PlanTests {
  private func plan(_ sql: String) throws -> [String] {
    let talk = try Talk()
    let parameters = (1...9).filter { sql.contains("?\($0)") }.max() ?? 0
    return try talk.community.database.query(
      "EXPLAIN QUERY PLAN " + sql, values: Array(repeating: .null, count: parameters)
    ) { row in row.text(3) }
  }

  @Test(arguments: [Messages.older, Messages.newer])
  func `a page of messages is read from the index of its channel, in order`(sql: String) throws {
    let steps = try plan(sql)
    #expect(steps.contains { $0.contains("idx_messages_channel (channel_id=? AND id") }, "\(steps)")
    #expect(!steps.contains { $0.contains("SCAN") || $0.contains("TEMP B-TREE") }, "\(steps)")
  }

  @Test(arguments: [
    ReadStates.countMessages, Pins.ofChannel, Reactions.whoReacted, ChatEraser.written, Precedent.sql, Author.byID,
  ])
  func `a hot statement walks no table`(sql: String) throws {
    let steps = try plan(sql)
    #expect(
      !steps.contains { $0.hasPrefix("SCAN") && !$0.contains("subquery") && $0 != "SCAN CONSTANT ROW" }, "\(steps)")
  }

  @Test func `bringing messages into the index looks at nothing but what waits`() throws {
    #expect(try plan(SearchIndex.waiting) == ["SCAN b", "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)"])
  }

  @Test func `a nonce is looked up in its index`() throws {
    let steps = try plan(Precedent.sql)
    #expect(steps.contains { $0.contains("idx_messages_nonce (user_id=? AND channel_id=? AND nonce=?") }, "\(steps)")
  }

  @Test(arguments: [ReadStates.countMentions, MentionSet.ofMessages, MessageView.reactionsOf])
  func `lists of ids are the only thing that is walked`(sql: String) throws {
    let steps = try plan(sql)
    for step in steps where step.hasPrefix("SCAN") {
      #expect(step.contains("VIRTUAL TABLE") || step.contains("subquery"), "\(steps)")
    }
  }

  @Test func `a search asks the index of words first, newest first`() throws {
    let steps = try plan(Search.matching)
    #expect(steps.first?.contains("VIRTUAL TABLE INDEX") == true, "\(steps)")
    #expect(steps.contains { $0.contains("SEARCH m USING INTEGER PRIMARY KEY") }, "\(steps)")
    #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(steps)")
  }
}
