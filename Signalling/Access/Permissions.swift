// What a member may do, as bits (MQ-111) and as codes (UN-039): two spellings of one thing.

/// A set of permissions. Values 1…1024 are the ones of the requirements; those above follow the same pattern.
public struct Permissions: OptionSet, Hashable, Sendable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }

  public static let manageChannels = Permissions(rawValue: 1)
  public static let manageRoles = Permissions(rawValue: 2)
  public static let kickMembers = Permissions(rawValue: 4)
  public static let banMembers = Permissions(rawValue: 8)
  /// Delete and pin the messages of others.
  public static let manageMessages = Permissions(rawValue: 16)
  /// Write, attach and react.
  public static let sendMessages = Permissions(rawValue: 32)
  public static let connectVoice = Permissions(rawValue: 64)
  public static let speak = Permissions(rawValue: 128)
  /// Share the screen and the camera.
  public static let stream = Permissions(rawValue: 256)
  /// Everything, whatever overrides say (MQ-112).
  public static let admin = Permissions(rawValue: 512)
  public static let viewChannel = Permissions(rawValue: 1024)
  /// `@everyone`, `@here` and roles in messages notify people.
  public static let mentionEveryone = Permissions(rawValue: 2048)
  public static let createInvite = Permissions(rawValue: 4096)
  /// Mute and deafen others in voice.
  public static let muteMembers = Permissions(rawValue: 8192)
  /// Move others between voice channels and disconnect them.
  public static let moveMembers = Permissions(rawValue: 16_384)
  /// Give others a timeout.
  public static let moderateMembers = Permissions(rawValue: 32_768)
  public static let manageWebhooks = Permissions(rawValue: 65_536)
  public static let viewAuditLog = Permissions(rawValue: 131_072)
  public static let bypassSlowMode = Permissions(rawValue: 262_144)

  /// Every bit that means something.
  public static let all = Permissions(rawValue: (1 << 19) - 1)

  /// What an override can change in one channel; the rest holds for the whole server.
  public static let ofChannels: Permissions = [
    .manageChannels, .manageRoles, .manageMessages, .sendMessages, .connectVoice, .speak, .stream, .viewChannel,
    .mentionEveryone, .createInvite, .muteMembers, .moveMembers, .manageWebhooks, .bypassSlowMode,
  ]

  /// Bits of the roles that are made at the first start (MQ-113…MQ-118).
  public static let memberDefault: Permissions = [.sendMessages, .connectVoice, .speak, .stream, .viewChannel]
  public static let moderatorDefault: Permissions = memberDefault.union([
    .kickMembers, .banMembers, .manageMessages, .muteMembers, .moveMembers, .moderateMembers,
  ])
}

extension Permissions {
  /// Each bit and its code, lowest bit first (UN-039).
  public static let codes: [(permission: Permissions, code: String)] = [
    (.manageChannels, "channels.manage"), (.manageRoles, "roles.manage_community"), (.kickMembers, "members.kick"),
    (.banMembers, "members.ban"), (.manageMessages, "messages.manage"), (.sendMessages, "messages.send"),
    (.connectVoice, "voice.connect"), (.speak, "voice.speak"), (.stream, "voice.stream"),
    (.admin, "community.admin"), (.viewChannel, "channels.view"), (.mentionEveryone, "messages.mention_everyone"),
    (.createInvite, "invites.create"), (.muteMembers, "voice.mute"), (.moveMembers, "voice.move"),
    (.moderateMembers, "members.timeout"), (.manageWebhooks, "webhooks.manage"), (.viewAuditLog, "audit.view"),
    (.bypassSlowMode, "messages.bypass_slow_mode"),
  ]

  /// The codes of the bits that are set. Bits without a meaning have none.
  public var codes: [String] { Self.codes.filter { contains($0.permission) }.map(\.code) }

  /// The set that `codes` name; nil when one is unknown.
  public init?(codes: [String]) {
    var result: Permissions = []
    for code in codes {
      guard let entry = Self.codes.first(where: { $0.code == code }) else { return nil }
      result.formUnion(entry.permission)
    }
    self = result
  }
}
