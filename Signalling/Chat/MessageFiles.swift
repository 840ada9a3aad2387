// Where messages and the files that hang on them meet: the only place of chat that asks the module of attachments.

import API
import Attachments
import Identifiers
import JSON
import Problems

enum MessageFiles {
  /// What the files of a new message are, as flags. Each must be an upload of `author` that belongs to no message yet.
  static func kinds(
    of ids: [Identifier], by author: Identifier, _ tables: Tables
  ) throws(Problem) -> MessageFlags {
    guard !ids.isEmpty else { return [] }
    var flags: MessageFlags = .files
    for kind in try Attachments.kinds(of: ids, by: author, tables) {
      switch kind {
      case .image: flags.insert(.images)
      case .video: flags.insert(.videos)
      case .audio, .other: break
      }
    }
    return flags
  }

  /// Hangs the files on a message, in this order.
  static func link(
    _ ids: [Identifier], to message: Identifier, in channel: Identifier, _ tables: Tables
  ) throws(Problem) {
    guard !ids.isEmpty else { return }
    try Attachments.link(ids, to: message, in: channel, tables)
  }

  /// The attachments of each message, as clients get them.
  static func views(of messages: [Identifier], _ tables: Tables) throws(Problem) -> [Identifier: [JSONValue]] {
    try Attachments.views(of: messages, tables)
  }

  /// Removes the files of messages that are about to go; their content follows when nothing else names it.
  static func remove(of messages: [Identifier], _ tables: Tables) throws(Problem) {
    guard !messages.isEmpty else { return }
    try Attachments.remove(of: messages, tables)
  }
}
