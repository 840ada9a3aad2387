// The rules of permissions once more, written as differently as possible: bit by bit, as sentences over lists.

import Access
import Chronology
import Identifiers

/// What the documentation says, asked for one bit at a time. No sets, no order of roles, no shortcuts.
struct NaiveModel {
  var directory: Directory
  var time: WallTime

  static let everyBit: [Int64] = (0..<19).map { 1 << $0 }

  func holds(_ bit: Int64, _ user: Identifier, in channel: Identifier) -> Bool {
    guard let member = directory.members[user], let channel = directory.channels[channel] else { return false }
    if channel.kind == .direct || channel.kind == .group { return talks(bit, member, channel) }
    if isAdministrator(member) { return true }
    guard raw(1024, member, channel) else { return false }
    if isTimedOut(member) { return bit == 1024 }
    switch bit {
    case 2048, 262_144: return raw(bit, member, channel) && raw(32, member, channel)
    case 128, 256, 8192, 16_384: return raw(bit, member, channel) && raw(64, member, channel)
    default: return raw(bit, member, channel)
    }
  }

  /// Before anything depends on anything: the last word that was said about this bit.
  private func raw(_ bit: Int64, _ member: Member, _ channel: Channel) -> Bool {
    var answer = rolesOf(member).contains { $0.permissions.rawValue & bit != 0 }
    // Kick, ban, timeout, the audit log and ADMIN are asked of the server, never of a channel.
    if [4, 8, 512, 32_768, 131_072].contains(bit) { return answer }
    var words: [(deny: Bool, allow: Bool)] = []
    func word(_ targets: [OverrideTarget]) {
      let spoken = targets.compactMap { channel.overrides[$0] }
      words.append(
        (
          spoken.contains { $0.deny.rawValue & bit != 0 },
          spoken.contains { $0.allow.rawValue & bit != 0 }
        ))
    }
    let everyone = rolesOf(member).filter { $0.kind == .everyone }
    let others = rolesOf(member).filter { $0.kind != .everyone }
    word(everyone.map { .role($0.id) })
    word(others.map { .role($0.id) })
    word([.member(member.id)])
    for word in words {
      if word.deny { answer = false }
      if word.allow { answer = true }
    }
    return answer
  }

  private func talks(_ bit: Int64, _ member: Member, _ channel: Channel) -> Bool {
    guard channel.participants.contains(member.id) else { return false }
    if isTimedOut(member) && !isAdministrator(member) { return bit == 1024 }
    return [32, 64, 128, 256, 1024].contains(bit)
  }

  private func rolesOf(_ member: Member) -> [Role] {
    directory.roles.values.filter { $0.kind == .everyone || member.roles.contains($0.id) }
  }

  private func isAdministrator(_ member: Member) -> Bool {
    rolesOf(member).contains { $0.kind == .owner || $0.permissions.rawValue & 512 != 0 }
  }

  private func isTimedOut(_ member: Member) -> Bool { member.timedOutUntil.map { $0 > time } ?? false }
}
