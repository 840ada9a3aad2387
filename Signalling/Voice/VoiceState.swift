// A member's voice as others see it, and the media room that belongs to a channel.

import API
import Chronology
public import Identifiers
public import JSON
import LiveKitProtocol

/// Where a member's voice is and what it sends (MQ-103, MQ-152). It follows what happens in the media room; only
/// `deafened` is the member's own word, because nobody else can know.
public struct VoiceState: Hashable, Sendable {
  public var user: Identifier
  public var channel: Identifier
  public var joined: WallTime
  /// Nothing of the microphone is forwarded: the track is muted, not there, or refused.
  public var muted: Bool { isSelfMuted || microphones.allSatisfy(\.isMuted) }
  public var deafened = false
  public var serverMuted = false
  public var serverDeafened = false
  /// A screen is shared.
  public var streaming: Bool { !screens.isEmpty }
  public var camera: Bool { cameras.contains { !$0.isMuted } }

  /// The participant's session in the room: what another session of the same member does is not this one's.
  var session: String
  var isSelfMuted = false
  var microphones: [PublishedSource] = []
  var cameras: [PublishedSource] = []
  var screens: [PublishedSource] = []

  struct PublishedSource: Hashable, Sendable {
    var track: String
    var isMuted: Bool
  }

  init(user: Identifier, channel: Identifier, session: String, joined: WallTime) {
    self.user = user
    self.channel = channel
    self.session = session
    self.joined = joined
  }

  /// `{user_id, channel_id, muted, deafened, server_muted, server_deafened, streaming, camera, joined_at}`.
  public var json: JSONValue {
    [
      "user_id": .string(user.description), "channel_id": .string(channel.description), "muted": .bool(muted),
      "deafened": .bool(deafened), "server_muted": .bool(serverMuted), "server_deafened": .bool(serverDeafened),
      "streaming": .bool(streaming), "camera": .bool(camera), "joined_at": .string(Timestamp(joined).text),
    ]
  }

  /// The same for one who is in no channel any more.
  static func absent(_ user: Identifier, serverMuted: Bool, serverDeafened: Bool) -> JSONValue {
    [
      "user_id": .string(user.description), "channel_id": .null, "muted": false, "deafened": false,
      "server_muted": .bool(serverMuted), "server_deafened": .bool(serverDeafened), "streaming": false,
      "camera": false, "joined_at": .null,
    ]
  }

  /// Takes a published track in, or its new state.
  mutating func set(_ info: TrackInfo) {
    let source = PublishedSource(track: info.sid, isMuted: info.muted)
    switch info.source {
    case .microphone: Self.set(source, &microphones)
    case .camera: Self.set(source, &cameras)
    case .screenShare: Self.set(source, &screens)
    default: break
    }
  }

  mutating func remove(_ info: TrackInfo) {
    microphones.removeAll { $0.track == info.sid }
    cameras.removeAll { $0.track == info.sid }
    screens.removeAll { $0.track == info.sid }
  }

  private static func set(_ source: PublishedSource, _ list: inout [PublishedSource]) {
    if let index = list.firstIndex(where: { $0.track == source.track }) {
      list[index] = source
    } else {
      list.append(source)
    }
  }
}

/// The media room of a channel, by name.
public enum VoiceRoom {
  /// Rooms whose names begin so belong to channels: nobody else may open them.
  public static let prefix = "channel:"

  public static func name(_ channel: Identifier) -> String { prefix + channel.description }

  /// Whether a room's name is one of ours, sound or not.
  public static func isReserved(_ name: String) -> Bool { name.hasPrefix(prefix) }

  public static func channel(_ name: String) -> Identifier? {
    isReserved(name) ? Identifier(name.dropFirst(prefix.count)) : nil
  }

  /// How many screens may be shared at once in a room (MQ-178): for `ControlConfiguration.screenShareLimit`.
  public static func screenShareLimit(_ name: String) -> Int? { isReserved(name) ? Limit.screens : nil }
}
