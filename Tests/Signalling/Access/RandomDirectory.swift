// Communities by chance: small ones, so that every kind of overlap comes up often.

import Access
import Chronology
import Identifiers
import Randomness

enum Ids {
  static func role(_ n: Int) -> Identifier { Identifier(rawValue: Int64(100 + n)) }
  static func user(_ n: Int) -> Identifier { Identifier(rawValue: Int64(200 + n)) }
  static func channel(_ n: Int) -> Identifier { Identifier(rawValue: Int64(300 + n)) }
}

extension Directory {
  static let now = WallTime(milliseconds: 1_800_000_000_000)

  static func random(_ random: inout Random) -> Directory {
    var directory = Directory()
    let everyone = Ids.role(0)
    directory.everyone = everyone
    directory.roles[everyone] = Role(
      id: everyone, kind: .everyone, name: "Member", position: 0, permissions: bits(&random, rare: true))
    for n in 1...4 {
      directory.roles[Ids.role(n)] = Role(
        id: Ids.role(n), kind: n == 4 && random.below(3) == 0 ? .owner : .ordinary, name: "role \(n)",
        position: random.below(5), permissions: bits(&random, rare: true))
    }
    for n in 0..<4 {
      var member = Member(id: Ids.user(n))
      for role in 0...4 where random.below(3) == 0 { member.roles.append(Ids.role(role)) }
      // A role that is gone, as a stale row would have it.
      if random.below(8) == 0 { member.roles.append(Ids.role(99)) }
      if random.below(4) == 0 {
        member.timedOutUntil = WallTime(milliseconds: now.milliseconds + Int64(random.below(3)) - 1)
      }
      directory.members[member.id] = member
    }
    for n in 0..<3 { directory.channels[Ids.channel(n)] = channel(n, &random) }
    return directory
  }

  private static func channel(_ n: Int, _ random: inout Random) -> Channel {
    let kinds: [Channel.Kind] = [.text, .voice, .text, .voice, .direct, .group]
    var channel = Channel(id: Ids.channel(n), kind: kinds[random.below(kinds.count)])
    for role in 0...4 where random.below(2) == 0 {
      channel.overrides[.role(Ids.role(role))] = Override(allow: bits(&random), deny: bits(&random))
    }
    for user in 0..<4 where random.below(3) == 0 {
      channel.overrides[.member(Ids.user(user))] = Override(allow: bits(&random), deny: bits(&random))
    }
    for user in 0..<4 where random.below(2) == 0 { channel.participants.insert(Ids.user(user)) }
    return channel
  }

  /// Any bits, those without a meaning included; ADMIN and VIEW_CHANNEL as often as lets both sides be seen.
  static func bits(_ random: inout Random, rare: Bool = false) -> Permissions {
    var value = Int64(random.below(1 << 21))
    if rare && random.below(4) != 0 { value &= ~512 }
    if random.below(2) == 0 { value |= 1024 }
    return Permissions(rawValue: value)
  }
}

extension Random {
  /// A number from 0 to `bound` − 1.
  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
