// What DiscordChatExporter writes, as values: https://github.com/Tyrrrz/DiscordChatExporter, JsonMessageWriter.
// Members that are missing in older versions may be missing here.

import API
public import Chronology
public import JSON

/// A 64-bit id of Discord, as text: the exporter writes it so.
public typealias Snowflake = String

public struct DiscordUser: Hashable, Sendable {
  public var id: Snowflake
  public var name: String
  /// What the server called them.
  public var nickname: String?
  public var isBot: Bool

  init?(_ value: JSONValue?) {
    guard let id = DiscordExport.snowflake(value?["id"]), let name = value?["name"]?.string else { return nil }
    self.id = id
    self.name = name
    nickname = value?["nickname"]?.string.flatMap { $0.isEmpty || $0 == name ? nil : $0 }
    isBot = value?["isBot"]?.bool ?? false
  }
}

public struct DiscordAttachment: Hashable, Sendable {
  /// An address, or a path beside the export when its media were saved with it.
  public var url: String
  public var fileName: String
}

public struct DiscordReaction: Hashable, Sendable {
  public var emoji: String
  /// One of the server's own pictures rather than a character.
  public var isCustom: Bool
  public var count: Int
  public var users: [DiscordUser]
}

public struct DiscordMessage: Sendable {
  public var id: Snowflake
  public var type: String
  public var time: WallTime
  public var edited: WallTime?
  public var isPinned: Bool
  public var content: String
  public var author: DiscordUser
  public var attachments: [DiscordAttachment]
  /// Title, text and address of each.
  public var embeds: [String]
  public var stickers: [String]
  public var reactions: [DiscordReaction]
  public var mentions: [DiscordUser]
  /// The message that it answers.
  public var answered: Snowflake?
  /// What it passes on.
  public var forwarded: String?

  /// Written by a person or program rather than by Discord about something that happened.
  public var isOrdinary: Bool {
    ["Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "ThreadStarterMessage"].contains(type)
      || Int(type).map { [0, 19, 20, 21, 23].contains($0) } == true
  }

  /// Nil when it lacks what every message has.
  public init?(_ value: JSONValue) {
    guard let id = DiscordExport.snowflake(value["id"]), let author = DiscordUser(value["author"]),
      let time = value["timestamp"]?.string.flatMap({ DiscordExport.time($0) })
    else { return nil }
    self.id = id
    self.author = author
    self.time = time
    type = value["type"]?.string ?? "Default"
    edited = value["timestampEdited"]?.string.flatMap { DiscordExport.time($0) }
    isPinned = value["isPinned"]?.bool ?? false
    content = value["content"]?.string ?? ""
    let forward = value["forwardedMessage"]
    attachments = Self.attachments(value) + (forward.map(Self.attachments) ?? [])
    embeds = (value["embeds"]?.array ?? []).compactMap(Self.embed)
    stickers = (value["stickers"]?.array ?? []).compactMap { $0["name"]?.string }
    reactions = (value["reactions"]?.array ?? []).compactMap(Self.reaction)
    mentions = (value["mentions"]?.array ?? []).compactMap { DiscordUser($0) }
    let isReply = value["reference"]?["type"]?.string != "Forward" && forward == nil
    answered = isReply ? DiscordExport.snowflake(value["reference"]?["messageId"]) : nil
    forwarded = forward?["content"]?.string
  }

  private static func attachments(_ value: JSONValue) -> [DiscordAttachment] {
    (value["attachments"]?.array ?? []).compactMap { entry in
      guard let url = entry["url"]?.string else { return nil }
      return DiscordAttachment(url: url, fileName: entry["fileName"]?.string ?? "file")
    }
  }

  private static func embed(_ value: JSONValue) -> String? {
    let lines = [value["title"], value["description"], value["url"]].compactMap { $0?.string }.filter { !$0.isEmpty }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  private static func reaction(_ value: JSONValue) -> DiscordReaction? {
    guard let name = value["emoji"]?["name"]?.string else { return nil }
    let id = value["emoji"]?["id"]?.string ?? ""
    return DiscordReaction(
      emoji: name, isCustom: !id.isEmpty && id != "0", count: value["count"]?.int ?? 0,
      users: (value["users"]?.array ?? []).compactMap { DiscordUser($0) })
  }
}

/// Whose messages a file has: the members of an export beside its messages.
public struct DiscordExport: Hashable, Sendable {
  public var guild: Snowflake
  public var guildName: String
  public var channel: Snowflake
  /// `GuildTextChat`, `GuildVoiceChat`, `GuildPublicThread`, …
  public var type: String
  public var name: String
  public var topic: String?
  /// Of a channel its category; of a thread the channel that it hangs on.
  public var parent: Snowflake?
  public var parentName: String?

  public init(_ header: JSONValue) throws(ExportError) {
    guard let guild = Self.snowflake(header["guild"]?["id"]), let channel = Self.snowflake(header["channel"]?["id"]),
      let name = header["channel"]?["name"]?.string
    else { throw .foreign }
    self.guild = guild
    self.channel = channel
    self.name = name
    guildName = header["guild"]?["name"]?.string ?? ""
    type = header["channel"]?["type"]?.string ?? "GuildTextChat"
    topic = header["channel"]?["topic"]?.string
    parent = Self.snowflake(header["channel"]?["categoryId"])
    parentName = header["channel"]?["category"]?.string
  }

  /// Between people rather than on a server: guild 0, channels of a kind of their own.
  public var isPrivate: Bool { type.hasPrefix("Direct") || guild == "0" }
  public var isThread: Bool { type.hasSuffix("Thread") }
  public var isVoice: Bool { type.hasSuffix("Voice") || type == "GuildVoiceChat" }

  /// When the channel was made: an id of Discord says it.
  public var created: WallTime { WallTime(milliseconds: (Int64(channel) ?? 0) >> 22 + 1_420_070_400_000) }

  /// A number of up to 19 digits.
  static func snowflake(_ value: JSONValue?) -> Snowflake? {
    guard let text = value?.string ?? value?.integer.map({ String($0) }), Int64(text).map({ $0 >= 0 }) == true else {
      return nil
    }
    return text
  }

  /// ISO 8601 with an offset and any number of digits below the second: `2021-07-19T13:34:18.1234567+03:00`.
  static func time(_ text: String) -> WallTime? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20 else { return nil }
    var position = 19
    var milliseconds = ""
    if bytes[position] == UInt8(ascii: ".") {
      position += 1
      while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
        if milliseconds.utf8.count < 3 { milliseconds.unicodeScalars.append(Unicode.Scalar(bytes[position])) }
        position += 1
      }
    }
    let fraction = milliseconds.isEmpty ? "" : "." + milliseconds
    guard let offset = offset(bytes[position...]),
      let local = Timestamp(String(decoding: bytes[..<19], as: UTF8.self) + fraction + "Z")
    else { return nil }
    return WallTime(milliseconds: local.time.milliseconds - offset * 60_000)
  }

  /// `Z`, `+03:00`, `-0330`: minutes east of Greenwich.
  private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
    guard let sign = bytes.first else { return nil }
    if sign == UInt8(ascii: "Z") { return bytes.count == 1 ? 0 : nil }
    let digits = bytes.dropFirst().filter { $0 != UInt8(ascii: ":") }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), digits.count == 4,
      let number = Int64(String(decoding: digits, as: UTF8.self)), number >= 0
    else { return nil }
    let minutes = number / 100 * 60 + number % 100
    return sign == UInt8(ascii: "-") ? -minutes : minutes
  }
}
