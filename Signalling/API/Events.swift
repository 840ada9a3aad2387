// What a committed change tells the world: events for the gateway, and consequences for the process.

public import Chronology
public import Identifiers

/// Who gets an event. Whether a member may see the channel is decided when the event is sent, by the one evaluator.
public enum Audience: Hashable, Sendable {
  case everyone
  /// Everybody who may view the channel (MQ-106).
  case channel(Identifier)
  case users([Identifier])
}

/// An event of the gateway: `{"op": op, "s": …, "d": data}`. Encoded once, however many get it.
public struct Event: Hashable, Sendable {
  /// MQ §5 names it: `message_create`.
  public var op: String
  /// The JSON of `d`.
  public var data: [UInt8]
  public var audience: Audience

  public init(_ op: String, _ data: [UInt8], to audience: Audience) {
    self.op = op
    self.data = data
    self.audience = audience
  }
}

/// What the process must do once a change is durable, beside telling people.
public enum Consequence: Hashable, Sendable {
  /// A session began: its token is good from now on.
  case sessionOpened(Identifier, user: Identifier, expires: WallTime)
  /// Sessions ended: their tokens are refused and their gateway connections closed.
  case sessionsClosed([Identifier])
  /// A bot's token (SHA-256) is good from now on, or no longer.
  case botOpened(tokenDigest: [UInt8], user: Identifier, scopes: [String])
  case botClosed(user: Identifier)
  /// A person chose how to be seen: `online`, `idle`, `dnd` or `offline`. Whether they are there, the gateway knows.
  case statusChosen(Identifier, String)
  /// A member left or was removed: sockets and media end.
  case memberRemoved(Identifier)
  /// A channel is gone: its media room ends.
  case channelRemoved(Identifier)
  /// A message with links was sent or changed: their previews may be looked up.
  case linksPosted(message: Identifier)
  /// Outgoing webhooks wait in the outbox.
  case outboxFilled
  /// Server-wide settings changed, for who keeps a copy.
  case settingsChanged
}
