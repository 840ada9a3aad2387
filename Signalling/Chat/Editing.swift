// Changing and removing messages that are there.

import API
import Access
import Identifiers
import JSON
import Problems

enum Editing {
  /// Gives a message of `user` another text. As its author gets it.
  static func edit(
    _ id: Identifier, _ text: String, by user: Identifier, _ writing: inout Writing
  ) throws(Problem) -> JSONValue {
    let tables = writing.tables
    let old = try Messages.find(id, seenBy: user, writing.directory, at: writing.at, tables)
    guard old.isWritten(by: user) else { throw .forbidden }
    try writing.directory.require(.sendMessages, of: user, in: old.channel, at: writing.at)
    let content = text.trimmed
    guard !content.isEmpty || old.flags.contains(.files) else {
      throw .invalid("/content", "a message has text or attachments")
    }
    var message = old
    message.content = content.isEmpty ? nil : content
    guard message.content != old.content else { return try MessageView.render(old, for: user, tables) }
    message.editedAt = writing.at
    let tokens = MentionTokens(content)
    let before = try MentionSet.load([id], tables)[id] ?? MentionSet()
    let mayAll = writing.directory.permissions(of: user, in: old.channel, at: writing.at).contains(.mentionEveryone)
    let mentions = try MentionSet.resolve(tokens, mayAll: mayAll, old: before, writing.directory, tables)
    message.flags = mentions.marking(old.flags).subtracting([.links, .embeds])
    if !tokens.links.isEmpty { message.flags.insert(.links) }
    // Previews belong to links that may be gone.
    message.embeds = nil
    try Messages.update(message, from: old, tables)
    try mentions.store(for: id, in: old.channel, instead: before, tables)
    try announce(message, &writing)
    if message.flags.contains(.links) { writing.then(.linksPosted(message: id)) }
    return try MessageView.render(message, for: user, tables)
  }

  /// Tells the channel how the message looks now.
  static func announce(_ message: Message, _ writing: inout Writing) throws(Problem) {
    let event = try MessageView.render(message, for: nil, writing.tables)
    writing.emit("message_update", ["message": event], to: .channel(message.channel))
  }

  /// Removes a message: its author may, and who manages messages, whose doing is logged.
  static func delete(_ id: Identifier, _ call: Call, _ writing: inout Writing) throws(Problem) {
    let user = try call.member().user
    let message = try Messages.find(id, seenBy: user, writing.directory, at: writing.at, writing.tables)
    let isOwn = message.isWritten(by: user)
    if !isOwn { try writing.directory.require(.manageMessages, of: user, in: message.channel, at: writing.at) }
    try Messages.remove([message], of: message.channel, writing.tables)
    writing.emit(
      "message_delete", ["id": .id(id), "channel_id": .id(message.channel)], to: .channel(message.channel))
    guard !isOwn else { return }
    // Not the text: the log is kept for ever, and what somebody wrote must be removable.
    try writing.record(
      AuditEntry(
        "message_delete", "chat", record: ("message", id.description),
        old: ["channel_id": .id(message.channel), "user_id": .id(message.author.id)]), call)
  }

  /// Removes the messages of `channel` among `ids`, and tells which they were.
  static func delete(
    _ ids: [Identifier], of channel: Identifier, _ writing: inout Writing
  ) throws(Problem) -> [Identifier] {
    let found = try Messages.find(ids, in: channel, writing.tables)
    guard !found.isEmpty else { return [] }
    try Messages.remove(found, of: channel, writing.tables)
    let removed = found.map(\.id)
    writing.emit(
      "messages_bulk_delete", ["channel_id": .id(channel), "ids": .array(removed.map { .id($0) })],
      to: .channel(channel))
    return removed
  }
}
