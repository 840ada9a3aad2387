// What is known about a message without looking into other tables.

/// Bits of `messages.flags`. They spare a page of messages the look for reactions, mentions and files that are not
/// there, and they are what search finds by `has:` and `pinned:`.
public struct MessageFlags: OptionSet, Hashable, Sendable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// It notifies everybody who sees the channel.
  public static let everyone = MessageFlags(rawValue: 1)
  /// It names users or roles.
  public static let mentions = MessageFlags(rawValue: 2)
  /// Somebody has reacted to it; may stay set when all have taken it back.
  public static let reactions = MessageFlags(rawValue: 4)
  public static let pinned = MessageFlags(rawValue: 8)
  /// It has attachments, some of which may be images or videos.
  public static let files = MessageFlags(rawValue: 16)
  public static let images = MessageFlags(rawValue: 32)
  public static let videos = MessageFlags(rawValue: 64)
  /// Previews of its links are stored with it.
  public static let embeds = MessageFlags(rawValue: 128)
  public static let links = MessageFlags(rawValue: 256)
  /// It stands in a conversation, not in a channel of the server.
  public static let conversation = MessageFlags(rawValue: 512)
}
