// Where messages and the files that hang on them meet: the only place of chat that asks the module of attachments.

import API
import Identifiers
import JSON
import Problems

enum MessageFiles {
  /// What the files of a new message are, as flags. Each must be an upload of `author` that belongs to no message yet.
  static func kinds(
    of ids: [Identifier], by author: Identifier, _ tables: Tables
  ) throws(Problem) -> MessageFlags {
    guard ids.isEmpty else { throw .invalid("/attachments", "there is no such upload") }
    return []
  }

  /// Hangs the files on a message, in this order.
  static func link(
    _ ids: [Identifier], to message: Identifier, in channel: Identifier, _ tables: Tables
  ) throws(Problem) {}

  /// The attachments of each message, as clients get them.
  static func views(of messages: [Identifier], _ tables: Tables) throws(Problem) -> [Identifier: [JSONValue]] { [:] }

  /// Removes the files of messages that are about to go.
  static func remove(of messages: [Identifier], _ tables: Tables) throws(Problem) {}
}
