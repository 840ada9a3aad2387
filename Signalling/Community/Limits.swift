// How much of everything one community may have. Named in limits.md.

enum Limit {
  static let roles = 250
  static let channels = 500
  static let categories = 50
  /// Overrides of one channel or category.
  static let overrides = 300
  static let name = 100
  static let topic = 1024
  /// Of one voice channel.
  static let userLimit = 10_000
  /// Opus: RFC 6716 §2.1.1 speaks of 6 to 510 kbit/s.
  static let bitrate = 510_000
  static let leastBitrate = 8_000
  /// Seconds between two messages of a member.
  static let slowMode = 21_600
  /// Invites that can still be used.
  static let invites = 1_000
  static let inviteUses = 10_000
  /// Seconds that an invite lives: seven days.
  static let inviteAge = 604_800
  static let standardInviteAge = 86_400
  /// Characters of an invite's code: 62^12 are more than 2^71.
  static let inviteCode = 12
  /// Seconds of a timeout: 28 days.
  static let timeout = 2_419_200
  /// Seconds back from a ban in which messages can be removed with it: seven days.
  static let purge = 604_800
  /// Roles given to one member in one request.
  static let rolesOfMember = 250
  /// Rows of the audit log in one answer.
  static let auditPage = 100
  static let auditExport = 50_000
  /// Rows that are checked between two looks at other work.
  static let auditVerify = 2_000
  static let bansPage = 200
  static let icon = 8 * 1024 * 1024
}
