// The endpoint of search.

import API
import Access
import Identifiers
import JSON
import Problems

extension ChatRoutes {
  static let search: [Route] = [
    Route(
      .get, "/search", "searchMessages",
      "Messages with all of these words, newest first, from the channels that the caller sees.", tag: "Search",
      access: .member, scope: reading,
      query: [
        QueryParameter(
          "q", .string(0...Limit.searchCharacters),
          "Words, \"phrases\", beginnings*, -without, and the filters below as name:value."),
        QueryParameter("from", .string(1...100), "Author: name, id or me."),
        QueryParameter("in", .string(1...100), "Channel: name or id."),
        QueryParameter("has", .choice(SearchQuery.Content.allCases.map(\.rawValue)), "What it carries."),
        QueryParameter("before", .string(10...24), "A day, a time or the id of a message."),
        QueryParameter("after", .string(10...24), "A day, a time or the id of a message."),
        QueryParameter("during", .string(10...24), "A day."),
        QueryParameter("mentions", .string(1...100), "User: name, id or me."),
        QueryParameter("pinned", .choice(["true", "false"]), "Whether it is pinned."),
        QueryParameter("cursor", .identifier, "`next` of the answer before."),
        QueryParameter("limit", .integer(1...Int64(Limit.searchPage)), "25 unless given."),
      ],
      answer: [
        Shape.Field("messages", .array(.reference("FoundMessage"), 0...Limit.searchPage)),
        Shape.Field("next", .nullable(.identifier), "The cursor of the next page; null when this is the last."),
      ], problems: [.validation], rate: .search, handle: find)
  ]

  private static let find: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    var query = try SearchQuery(call.query["q"] ?? "")
    for filter in SearchQuery.filters {
      if let value = call.query[filter] { try query.add(filter, value) }
    }
    try query.checkSize()
    guard !query.isEmpty else { throw .invalid("?q", "search for words, or by a filter") }
    let cursor = try call.queryID("cursor")
    let limit = try call.queryNumber("limit", 1...Limit.searchPage, standard: 25)
    let asked = query
    let search: @Sendable (borrowing Reading) throws(Problem) -> Step = { reading throws(Problem) in
      .reply(try results(asked, user, before: cursor, limit, reading))
    }
    return .read { reading throws(Problem) in
      guard try SearchIndex.isBehind(reading.tables) else { return try search(reading) }
      return .write { writing throws(Problem) in
        _ = try SearchIndex.catchUp(writing.tables)
        return .read(search)
      }
    }
  }

  private static func results(
    _ query: SearchQuery, _ user: Identifier, before cursor: Identifier?, _ limit: Int, _ reading: borrowing Reading
  ) throws(Problem) -> Reply {
    let found = try Search.find(
      query, by: user, before: cursor, limit: limit + 1, reading.directory, at: reading.at, reading.tables)
    let page = Array(found.prefix(limit))
    var views = try MessageView.render(page, for: user, reading.tables)
    for (index, message) in page.enumerated() {
      views[index].set("snippet", Snippet(message.content ?? "", query.terms).json)
    }
    let next: JSONValue = found.count > limit ? page.last.map { .id($0.id) } ?? .null : .null
    return Reply(status: 200, ["messages": .array(views), "next": next])
  }
}
