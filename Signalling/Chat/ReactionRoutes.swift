// Reacting and pinning.

import API
import Access
import Identifiers
import JSON
import Problems

extension Call {
  /// The emoji that the path names.
  fileprivate func emoji() throws(Problem) -> Emoji {
    guard let emoji = path["emoji"].flatMap({ Emoji($0) }) else { throw .invalid("/emoji", "must be one emoji") }
    return emoji
  }
}

extension ChatRoutes {
  static let reactions: [Route] = [
    Route(
      .put, "/messages/{message_id}/reactions/{emoji}/me", "addReaction",
      "Reacts with an emoji, percent-encoded in the path.", tag: "Reactions", access: .member, scope: writing,
      problems: [.notFound, .forbidden, .validation, .conflict], handle: change(Reactions.add)),
    Route(
      .delete, "/messages/{message_id}/reactions/{emoji}/me", "removeReaction", "Takes the own reaction back.",
      tag: "Reactions", access: .member, scope: writing, problems: [.notFound, .validation],
      handle: change(Reactions.remove)),
    Route(
      .delete, "/messages/{message_id}/reactions/{emoji}", "clearReaction",
      "Removes an emoji with all who chose it; needs MANAGE_MESSAGES.", tag: "Reactions", access: .member,
      scope: writing, problems: [.notFound, .forbidden, .validation], handle: change(Reactions.clear)),
    Route(
      .get, "/messages/{message_id}/reactions/{emoji}", "listReactions", "Who reacted with an emoji.",
      tag: "Reactions", access: .member, scope: reading,
      query: [
        QueryParameter("after", .identifier, "Users that follow this one."),
        QueryParameter("limit", .integer(1...Int64(Limit.page)), "50 unless given."),
      ], answer: [Shape.Field("users", .array(.identifier, 0...Limit.page), "Their ids.")],
      problems: [.notFound, .validation], handle: who),
  ]

  static let pins: [Route] = [
    Route(
      .put, "/messages/{message_id}/pin", "pinMessage", "Pins a message to its channel.", tag: "Pins", access: .member,
      scope: writing, problems: [.notFound, .forbidden, .conflict], handle: pin(Pins.add)),
    Route(
      .delete, "/messages/{message_id}/pin", "unpinMessage", "Takes a message from the pinned ones.", tag: "Pins",
      access: .member, scope: writing, problems: [.notFound, .forbidden], handle: pin(Pins.remove)),
    Route(
      .get, "/channels/{channel_id}/pins", "listPins", "The pinned messages, the one pinned last first.", tag: "Pins",
      access: .channel(.viewChannel), scope: reading, answer: Answers.messages, handle: listPins),
  ]

  private static func change(
    _ act: @escaping @Sendable (Emoji, Identifier, Identifier, inout Writing) throws(Problem) -> Void
  ) -> @Sendable (Call) throws(Problem) -> Step {
    { call throws(Problem) in
      let user = try call.member().user
      let id = try call.id("message_id")
      let emoji = try call.emoji()
      return .write { writing throws(Problem) in
        try act(emoji, id, user, &writing)
        return .done
      }
    }
  }

  private static func pin(
    _ act: @escaping @Sendable (Identifier, Identifier, inout Writing) throws(Problem) -> Void
  ) -> @Sendable (Call) throws(Problem) -> Step {
    { call throws(Problem) in
      let user = try call.member().user
      let id = try call.id("message_id")
      return .write { writing throws(Problem) in
        try act(id, user, &writing)
        return .done
      }
    }
  }

  private static let who: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let id = try call.id("message_id")
    let emoji = try call.emoji()
    let after = try call.queryID("after") ?? Identifier(rawValue: 0)
    let limit = try call.queryNumber("limit", 1...Limit.page, standard: 50)
    return .read { reading throws(Problem) in
      _ = try Messages.find(id, seenBy: user, reading.directory, at: reading.at, reading.tables)
      let users = try Reactions.users(emoji, of: id, after: after, limit: limit, reading.tables)
      return .reply("users", .array(users.map { .id($0) }))
    }
  }

  private static let listPins: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let channel = try call.id("channel_id")
    return .read { reading throws(Problem) in
      try reading.directory.require(.viewChannel, of: user, in: channel, at: reading.at)
      let pinned = try Pins.all(of: channel, reading.tables)
      return .reply("messages", .array(try MessageView.render(pinned, for: user, reading.tables)))
    }
  }
}
