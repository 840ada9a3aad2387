// Deleting messages: one, or many of a channel.

import API
import Access
import Identifiers
import JSON
import Problems

extension ChatRoutes {
  static let removing: [Route] = [
    Route(
      .delete, "/messages/{message_id}", "deleteMessage",
      "Deletes one's own message, or another's with MANAGE_MESSAGES, which is logged.", tag: "Messages",
      access: .member, scope: writing, problems: [.notFound, .forbidden], handle: delete),
    Route(
      .post, "/channels/{channel_id}/messages/bulk-delete", "deleteMessages",
      "Deletes messages of a channel; those that are not there are passed over.", tag: "Messages",
      access: .channel(.manageMessages), scope: writing,
      body: .json(.object([Shape.Field("message_ids", .array(.identifier, 1...Limit.bulkDeletion))])),
      answer: [Shape.Field("deleted", .array(.identifier, 0...Limit.bulkDeletion))], handle: deleteMany),
  ]

  private static let delete: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let id = try call.id("message_id")
    return .write { writing throws(Problem) in
      try Editing.delete(id, call, &writing)
      return .done
    }
  }

  private static let deleteMany: @Sendable (Call) throws(Problem) -> Step = { call throws(Problem) in
    let channel = try call.id("channel_id")
    let ids = call.bodyIDs("message_ids")
    return .write { writing throws(Problem) in
      let removed = try Editing.delete(ids, of: channel, &writing)
      if !removed.isEmpty {
        try writing.record(
          AuditEntry(
            "messages_bulk_delete", "chat", record: ("channel", channel.description),
            details: "\(removed.count) messages", old: ["ids": .array(removed.map { .id($0) })]), call)
      }
      return .reply("deleted", .array(removed.map { .id($0) }))
    }
  }
}
