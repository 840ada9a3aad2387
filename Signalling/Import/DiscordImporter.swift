// An export of Discord becomes channels, placeholder authors and messages with their times. A second run changes nothing:
// the map knows places and people, and messages carry the name that they had.
//
// Exports say nothing about permissions, so a channel of moderators looks like any other. Imported channels are therefore
// hidden from everybody but administrators, until somebody opens them or the import is told that they may be seen.

public import API
import Access
import Attachments
import Chat
import Community
public import Identifiers
public import Problems
import SQL

public struct DiscordImporter: Sendable {
  public private(set) var report = ImportReport()
  private var map = ImportMap(source: "discord")
  private let areVisible: Bool
  /// Channels of this import, by their ids there: for links between them.
  private var channels: [Snowflake: Identifier] = [:]

  /// - Parameter areVisible: whether every member may see the channels that are made.
  public init(areVisible: Bool) { self.areVisible = areVisible }

  public mutating func note(_ what: String, _ count: Int = 1) { report.note(what, count) }

  // MARK: Places

  /// The channel for a file's messages, made when it is new; nil when they cannot go anywhere, which is then noted.
  public mutating func open(
    _ export: DiscordExport, _ writing: inout Writing
  ) throws(Problem) -> Identifier? {
    guard !export.isPrivate else {
      report.note("private conversation left out: it belongs to people, not to the server")
      return nil
    }
    if let known = try map.find(.channel, export.channel, writing.tables) {
      guard writing.directory.channels[known] != nil else {
        report.note("channel left out that was deleted here after an earlier import")
        return nil
      }
      channels[export.channel] = known
      return known
    }
    let category = export.isThread ? try home(of: export, writing) : try category(of: export, &writing)
    let made = try writing.importChannel(
      named: export.name, kind: export.isVoice ? .voice : .text, topic: topic(of: export), category: category,
      createdAt: export.created, isHidden: !areVisible)
    guard let made else {
      report.note("channel left out: there are as many as there may be")
      return nil
    }
    try map.store(.channel, export.channel, as: made, writing.tables)
    channels[export.channel] = made
    report.channels += 1
    if !areVisible { report.note("channel that only administrators see until its permissions are changed") }
    if export.isThread { report.note("thread that became a channel") }
    if ["GuildForum", "GuildNews", "GuildStageVoice"].contains(export.type) {
      report.note("channel of kind \(export.type) that became an ordinary one")
    }
    return made
  }

  private func topic(of export: DiscordExport) -> String? {
    guard export.isThread, let parent = export.parentName else { return export.topic }
    return "#\(parent)"
  }

  /// A thread goes beside the channel that it hung on.
  private mutating func home(of export: DiscordExport, _ writing: borrowing Writing) throws(Problem) -> Identifier? {
    guard let parent = export.parent, let channel = try map.find(.channel, parent, writing.tables) else { return nil }
    return writing.directory.channels[channel]?.category
  }

  private mutating func category(
    of export: DiscordExport, _ writing: inout Writing
  ) throws(Problem) -> Identifier? {
    guard let parent = export.parent, let name = export.parentName else { return nil }
    if let known = try map.find(.category, parent, writing.tables),
      try writing.tables.exists("SELECT 1 FROM categories WHERE id = ?1", known)
    {
      return known
    }
    guard let made = try writing.importCategory(named: name) else {
      report.note("category left out: there are as many as there may be")
      return nil
    }
    try writing.tables.execute(
      "DELETE FROM import_map WHERE source = 'discord' AND kind = 'category' AND source_id = ?1", parent)
    try map.store(.category, parent, as: made, writing.tables)
    report.categories += 1
    return made
  }

  // MARK: Messages

  /// Whether an earlier import brought it: then its files need not be read.
  public func knows(_ message: DiscordMessage, _ tables: Tables) throws(Problem) -> Bool {
    try tables.exists("SELECT 1 FROM messages WHERE external_message_id = ?1", Self.name(message.id))
  }

  /// Stores a message with the files that were found for it, by their addresses in the export.
  public mutating func store(
    _ message: DiscordMessage, in channel: Identifier, files: [String: KeptFile], _ writing: inout Writing
  ) throws(Problem) {
    guard try !knows(message, writing.tables) else {
      report.known += 1
      return
    }
    let author = try author(message.author, &writing)
    var imported = ImportedMessage(
      externalID: Self.name(message.id), channel: channel, author: author,
      content: try text(of: message, files: files, &writing), createdAt: message.time)
    imported.editedAt = message.edited
    imported.isPinned = message.isPinned
    imported.type = message.isOrdinary ? .ordinary : .system
    imported.replyTo = message.answered.map(Self.name)
    for attachment in message.attachments {
      guard let file = files[attachment.url] else { continue }
      imported.attachments.append(
        try Attachments.store(file, name: attachment.fileName, by: author, &writing).id)
    }
    imported.reactions = try reactions(of: message, &writing)
    guard try Chat.store(imported, &writing) != nil else { return }
    report.messages += 1
    report.attachments += imported.attachments.count
    report.reactions += imported.reactions.reduce(0) { $0 + $1.users.count }
    if !message.isOrdinary { report.note("notice of Discord (\(message.type)) that became one of this server") }
  }

  private static func name(_ id: Snowflake) -> String { "discord:\(id)" }

  private mutating func author(_ user: DiscordUser, _ writing: inout Writing) throws(Problem) -> Identifier {
    if let known = try map.find(.author, user.id, writing.tables) { return known }
    let id = writing.newIdentifier()
    // No name that people choose has a colon in it.
    try writing.tables.execute(
      """
      INSERT INTO users (id, username_key, username, display_name, kind, state, created_at)
      VALUES (?1, ?2, ?3, ?4, 'imported', 'left', ?5)
      """, id, Self.name(user.id), Self.short(user.name), user.nickname.map(Self.short), writing.at)
    try map.store(.author, user.id, as: id, writing.tables)
    report.authors += 1
    return id
  }

  /// Names of Discord have at most 32 characters; a webhook's may have 80.
  private static func short(_ name: String) -> String { String(name.unicodeScalars.prefix(80)) }

  private mutating func reactions(
    of message: DiscordMessage, _ writing: inout Writing
  ) throws(Problem) -> [(emoji: String, users: [Identifier])] {
    var result: [(emoji: String, users: [Identifier])] = []
    for reaction in message.reactions {
      guard !reaction.isCustom else {
        report.note("reaction with a picture of the server left out", max(reaction.count, 1))
        continue
      }
      report.note("reaction left out: the export does not say whose", max(reaction.count - reaction.users.count, 0))
      var users: [Identifier] = []
      for user in reaction.users { users.append(try author(user, &writing)) }
      if !users.isEmpty { result.append((reaction.emoji, users)) }
    }
    return result
  }

  /// The text, and in words what has no other form here.
  private mutating func text(
    of message: DiscordMessage, files: [String: KeptFile], _ writing: inout Writing
  ) throws(Problem) -> String {
    var names = MessageText()
    names.channels = channels
    for user in message.mentions {
      names.names[user.id] = user.nickname ?? user.name
      names.users[user.id] = try map.find(.author, user.id, writing.tables)
    }
    var parts = [names.translated(message.content)]
    if let forwarded = message.forwarded, !forwarded.isEmpty {
      parts.append(
        forwarded.split(separator: "\n", omittingEmptySubsequences: false).map { "> \($0)" }.joined(separator: "\n"))
    }
    // Previews of links come again from the link; what a program wrote as an embed stands nowhere else.
    if message.content.isEmpty, !message.embeds.isEmpty {
      parts += message.embeds.map(names.translated)
      report.note("embed that became text", message.embeds.count)
    }
    parts += message.stickers.map { "[\($0)]" }
    report.note("sticker that became text", message.stickers.count)
    for attachment in message.attachments where files[attachment.url] == nil {
      parts.append("[\(attachment.fileName)]")
      report.note("attachment that was not found beside the export, named in the text")
    }
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }
}
