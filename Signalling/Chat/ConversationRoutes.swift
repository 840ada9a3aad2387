// Direct messages, groups and blocks.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems

extension ChatRoutes {
  private static let people = Shape.array(.identifier, 1...(Limit.participants - 1))
  private static let name = Shape.string(0...Limit.groupName)

  static let conversations: [Route] = [
    Route(
      .get, "/conversations", "listConversations", "The conversations in the caller's list, the liveliest first.",
      tag: "Conversations", access: .member, scope: reading,
      answer: [Shape.Field("conversations", .array(.reference("Conversation"), 0...10_000))], handle: list),
    Route(
      .post, "/conversations", "createConversation",
      "With one other person: the conversation of the two, which there is once. With more: a new group.",
      tag: "Conversations", access: .member, scope: writing,
      body: .json(.object([Shape.Field("user_ids", people), .optional("name", name, "Of a group.")])),
      answer: Answers.channel, status: 201, problems: [.notFound, .forbidden], handle: create),
    Route(
      .patch, "/conversations/{channel_id}", "updateConversation", "Renames a group.", tag: "Conversations",
      access: .channel(.sendMessages), scope: writing, body: .json(.object([Shape.Field("name", name)])),
      answer: Answers.channel, problems: [.conflict], handle: rename),
    Route(
      .delete, "/conversations/{channel_id}", "leaveConversation",
      "Leaves a group, or takes a conversation of two out of the list until the next message.", tag: "Conversations",
      access: .channel(.viewChannel), scope: writing, handle: leave),
    Route(
      .put, "/conversations/{channel_id}/participants/{user_id}", "addParticipant", "Takes somebody into a group.",
      tag: "Conversations", access: .channel(.sendMessages), scope: writing, answer: Answers.channel,
      problems: [.conflict, .notFound], handle: addPerson),
    Route(
      .delete, "/conversations/{channel_id}/participants/{user_id}", "removeParticipant",
      "Takes somebody out of a group: its owner may, and everybody themselves.", tag: "Conversations",
      access: .channel(.viewChannel), scope: writing, problems: [.conflict, .notFound, .forbidden], handle: removePerson
    ),
  ]

  static let blocks: [Route] = [
    Route(
      .get, "/blocks", "listBlocks", "Whom the caller has blocked.", tag: "Blocks", access: .person,
      answer: [Shape.Field("users", .array(.identifier, 0...Limit.blocks), "Their ids.")], handle: listBlocks),
    Route(
      .put, "/users/{user_id}/block", "blockUser", "No direct messages with this person, in both directions.",
      tag: "Blocks", access: .person, problems: [.notFound, .validation, .conflict], handle: block(Blocks.add)),
    Route(
      .delete, "/users/{user_id}/block", "unblockUser", "Direct messages are possible again.", tag: "Blocks",
      access: .person, handle: block(Blocks.remove)),
  ]

  // MARK: Conversations

  private static let list: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    return .read { reading throws(Problem) in
      let open = try Conversations.open(of: user, reading.directory, at: reading.at, reading.tables)
      return .reply("conversations", .array(open))
    }
  }

  private static let create: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let others = call.bodyIDs("user_ids")
    let name = call.body["name"]?.string?.trimmed ?? ""
    return .write { writing throws(Problem) in
      let id: Identifier
      if others.count == 1 {
        id = try Conversations.direct(user, others[0], &writing).id
      } else {
        id = try Conversations.group(user, others, name: name, &writing)
      }
      return try channel(id, user, writing, status: 201)
    }
  }

  private static let rename: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let id = try call.id("channel_id")
    let name = call.body["name"]?.string?.trimmed ?? ""
    return .write { writing throws(Problem) in
      _ = try Conversations.group(id, for: user, writing.directory)
      try Conversations.rename(id, name, &writing)
      return try channel(id, user, writing)
    }
  }

  private static let leave: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let id = try call.id("channel_id")
    return .write { writing throws(Problem) in
      let conversation = try Conversations.find(id, for: user, writing.directory)
      if conversation.kind == .group {
        try Conversations.remove(user, from: conversation, &writing)
      } else {
        try Conversations.close(id, for: user, &writing)
      }
      return .done
    }
  }

  private static let addPerson: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let id = try call.id("channel_id")
    let other = try call.id("user_id")
    return .write { writing throws(Problem) in
      let group = try Conversations.group(id, for: user, writing.directory)
      try Conversations.add(other, to: group, by: user, &writing)
      return try channel(id, user, writing)
    }
  }

  private static let removePerson: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    let id = try call.id("channel_id")
    let other = try call.id("user_id")
    return .write { writing throws(Problem) in
      let group = try Conversations.group(id, for: user, writing.directory)
      if other != user {
        let isOwner = try writing.tables.exists("SELECT 1 FROM channels WHERE id = ?1 AND owner_id = ?2", id, user)
        guard isOwner else { throw .forbidden }
      }
      try Conversations.remove(other, from: group, &writing)
      return .done
    }
  }

  private static func channel(
    _ id: Identifier, _ user: Identifier, _ writing: borrowing Writing, status: Int = 200
  ) throws(Problem) -> Step {
    let view = try Conversations.view(id, writing.tables)
    return .reply(
      "channel", Conversations.with(id, view, user, writing.directory, at: writing.at), status: status)
  }

  // MARK: Blocks

  private static let listBlocks: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let user = try call.member().user
    return .read { reading throws(Problem) in
      .reply("users", .array(try Blocks.all(by: user, reading.tables).map { .id($0) }))
    }
  }

  private static func block(
    _ act: @escaping @Sendable (Identifier, Identifier, inout Writing) throws(Problem) -> Void
  ) -> @Sendable (Call) throws(Problem) -> Step {
    { call throws(Problem) in
      let user = try call.member().user
      let other = try call.id("user_id")
      return .write { writing throws(Problem) in
        try act(other, user, &writing)
        return .done
      }
    }
  }
}

extension Chat {
  /// The conversations of `user` for `ready`, as channels.
  public static func conversations(of user: Identifier, _ reading: borrowing Reading) throws(Problem) -> [JSONValue] {
    try Conversations.open(of: user, reading.directory, at: reading.at, reading.tables)
  }
}
