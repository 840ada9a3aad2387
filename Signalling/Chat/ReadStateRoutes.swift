// Telling the server what has been read, and asking what is new.

import API
import Access
import Identifiers
import JSON
import Problems

extension ChatRoutes {
  static let readStates: [Route] = [
    Route(
      .post, "/channels/{channel_id}/read", "readChannel",
      "Everything up to the message has been read. Goes back only with manual, to mark something as new again.",
      tag: "Read states", access: .channel(.viewChannel), scope: ChatRoutes.reading,
      body: .json(
        .object([
          Shape.Field("message_id", .identifier), .optional("manual", .boolean, "Go back too. False unless given."),
        ])), answer: Answers.readState, handle: read),
    Route(
      .post, "/read-all", "readAll", "Everything everywhere has been read.", tag: "Read states", access: .member,
      scope: ChatRoutes.reading, handle: readAll),
    Route(
      .get, "/read-states", "listReadStates",
      "What is new in every channel that the caller sees. Counts end at \(Limit.counted).", tag: "Read states",
      access: .member, scope: ChatRoutes.reading,
      answer: [Shape.Field("read_states", .array(.reference("ReadState"), 0...10_000))], handle: listStates),
  ]

  private static let read: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let channel = try call.id("channel_id")
    guard let message = call.bodyID("message_id") else { throw .invalid("/message_id", "must be an id") }
    let isManual = call.body["manual"]?.bool ?? false
    return .write { writing throws(Problem) in
      let state = try ReadStates.read(channel, upTo: message, isManual: isManual, by: user, &writing)
      return .reply("read_state", state.json)
    }
  }

  private static let readAll: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    return .write { writing throws(Problem) in
      try ReadStates.readAll(by: user, &writing)
      return .done
    }
  }

  private static let listStates: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    return .read { reading throws(Problem) in
      .reply("read_states", try Chat.readStates(for: user, reading))
    }
  }
}

extension Chat {
  /// `read_states` of `ready` and of `GET /read-states`: one for every channel that `user` sees.
  public static func readStates(for user: Identifier, _ reading: borrowing Reading) throws(Problem) -> JSONValue {
    let states = try ReadStates.all(of: user, reading.directory, at: reading.at, reading.tables)
    return .array(states.map(\.json))
  }
}
