// Reading, sending, editing, typing.

import API
import Access
import Identifiers
import JSON
import Problems

extension ChatRoutes {
  static let messages: [Route] = [
    Route(
      .get, "/channels/{channel_id}/messages", "listMessages",
      "Messages of a channel, newest first. At most one of before, after and around.", tag: "Messages",
      access: .channel(.viewChannel), scope: reading,
      query: [
        QueryParameter("before", .identifier, "Older than this message; it need not exist any more."),
        QueryParameter("after", .identifier, "The ones that follow this message."),
        QueryParameter("around", .identifier, "This message and its neighbours on both sides."),
        QueryParameter("limit", .integer(1...Int64(Limit.page)), "50 unless given."),
      ], answer: Answers.messages, handle: list),
    Route(
      .get, "/channels/{channel_id}/messages/{message_id}", "getMessage", "One message.", tag: "Messages",
      access: .channel(.viewChannel), scope: reading, answer: Answers.message, handle: get),
    Route(
      .post, "/channels/{channel_id}/messages", "createMessage",
      "Sends a message. The same nonce again within an hour answers with the first message.", tag: "Messages",
      access: .channel(.sendMessages), scope: writing,
      body: .json(
        .object([
          .optional("content", .nullable(.string(0...Limit.contentCharacters))),
          .optional("attachments", .array(.identifier, 0...Limit.attachments), "Uploads of the caller."),
          .optional("reply_to", .nullable(.identifier), "A message of the same channel."),
          .optional("nonce", .nullable(.string(1...Limit.nonceCharacters))),
        ])), answer: Answers.message, status: 201, problems: [.rateLimit], rate: .message, handle: create),
    Route(
      .patch, "/messages/{message_id}", "updateMessage", "Changes the text of one's own message.", tag: "Messages",
      access: .member, scope: writing,
      body: .json(.object([Shape.Field("content", .string(0...Limit.contentCharacters))])), answer: Answers.message,
      problems: [.notFound, .forbidden], rate: .message, handle: edit),
    Route(
      .post, "/channels/{channel_id}/typing", "startTyping", "Shows others that the caller is writing.",
      tag: "Messages", access: .channel(.sendMessages), scope: writing, handle: type),
  ]

  private static let list: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let channel = try call.id("channel_id")
    let limit = try call.queryNumber("limit", 1...Limit.page, standard: 50)
    var places: [Messages.Place] = []
    if let id = try call.queryID("before") { places.append(.before(id)) }
    if let id = try call.queryID("after") { places.append(.after(id)) }
    if let id = try call.queryID("around") { places.append(.around(id)) }
    guard places.count <= 1 else { throw .invalid("?before", "give one of before, after and around") }
    let place = places.first ?? .newest
    return .read { reading throws(Problem) in
      try reading.directory.require(.viewChannel, of: user, in: channel, at: reading.at)
      let page = try Messages.page(place, of: channel, limit: limit, reading.tables)
      return .reply("messages", .array(try MessageView.render(page, for: user, reading.tables)))
    }
  }

  private static let get: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let channel = try call.id("channel_id")
    let id = try call.id("message_id")
    return .read { reading throws(Problem) in
      let message = try Messages.find(id, seenBy: user, reading.directory, at: reading.at, reading.tables)
      guard message.channel == channel else { throw .notFound("message") }
      return .reply("message", try MessageView.render(message, for: user, reading.tables))
    }
  }

  private static let create: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    var draft = Draft(
      channel: try call.id("channel_id"), author: try call.member().user, content: call.body["content"]?.string ?? "")
    draft.attachments = call.bodyIDs("attachments")
    draft.replyTo = call.bodyID("reply_to")
    draft.nonce = call.body["nonce"]?.string
    let message = draft
    return .write { writing throws(Problem) in
      .reply("message", try Chat.post(message, &writing).json, status: 201)
    }
  }

  private static let edit: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let id = try call.id("message_id")
    let content = call.body["content"]?.string ?? ""
    return .write { writing throws(Problem) in
      .reply("message", try Editing.edit(id, content, by: user, &writing))
    }
  }

  private static let type: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let channel = try call.id("channel_id")
    return .write { writing throws(Problem) in
      Chat.typing(user, in: channel, &writing)
      return .done
    }
  }
}

extension Chat {
  /// Tells the channel that `user` is writing there; for who may. Nothing is stored.
  public static func typing(_ user: Identifier, in channel: Identifier, _ writing: inout Writing) {
    writing.emit("typing_start", ["user_id": .id(user), "channel_id": .id(channel)], to: .channel(channel))
  }
}
