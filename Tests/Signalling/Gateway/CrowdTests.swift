// The kept answers against the evaluator: who sees a channel, and whose sight a change gives or takes.

import Access
import Chronology
import Identifiers
import Randomness
import TestSupport
import Testing

@testable import Gateway

/// Communities with a few of everything, so that rules meet often.
enum RandomFacts {
  static let people = (0..<12).map { id(Int64(1000 + $0)) }
  static let roles = (0..<4).map { id(Int64(10 + $0)) }
  static let channels = (0..<5).map { id(Int64(100 + $0)) }
  static let group = id(200)

  static func directory(_ random: inout Random) -> Directory {
    var directory = Directory()
    directory.everyone = id(1)
    directory.roles[id(1)] = Role(
      id: id(1), kind: .everyone, name: "Member", position: 0,
      permissions: random.chance(0.7) ? .memberDefault : .sendMessages)
    for (index, role) in roles.enumerated() {
      let permissions: Permissions =
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .admin
        case 1: .viewChannel
        default: []
        }
      directory.roles[role] = Role(id: role, name: "r", position: index + 1, permissions: permissions)
    }
    for person in people { directory.members[person] = member(person, &random) }
    for channel in channels where random.chance(0.9) { directory.channels[channel] = Self.channel(channel, &random) }
    directory.channels[group] = Channel(
      id: group, kind: .group, participants: Set(people.filter { _ in random.chance(0.4) }))
    return directory
  }

  static func member(_ user: Identifier, _ random: inout Random) -> Member {
    Member(id: user, roles: roles.filter { _ in random.chance(0.25) }.shuffled(using: &random))
  }

  static func channel(_ id: Identifier, _ random: inout Random) -> Channel {
    var channel = Channel(id: id, kind: random.chance(0.5) ? .text : .voice)
    var targets: [OverrideTarget] = [.role(Identifier(rawValue: 1))] + roles.map { .role($0) }
    targets += people.prefix(4).map { .member($0) }
    for target in targets where random.chance(0.3) {
      channel.overrides[target] = random.chance(0.5) ? Override(allow: .viewChannel) : Override(deny: .viewChannel)
    }
    return channel
  }

  /// The directory with one or two things changed.
  static func changed(_ old: Directory, _ random: inout Random) -> Directory {
    var directory = old
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      let person = people.randomElement(using: &random) ?? people[0]
      let channel = channels.randomElement(using: &random) ?? channels[0]
      let role = roles.randomElement(using: &random) ?? roles[0]
      switch Int.random(in: 0..<7, using: &random) {
      case 0: directory.members[person] = directory.members[person] == nil ? member(person, &random) : nil
      case 1: if directory.members[person] != nil { directory.members[person] = member(person, &random) }
      case 2: directory.channels[channel] = directory.channels[channel] == nil ? Self.channel(channel, &random) : nil
      case 3: directory.channels[channel] = Self.channel(channel, &random)
      case 4: directory.roles[role]?.permissions = random.chance(0.5) ? .viewChannel : []
      case 5: directory.roles[id(1)]?.permissions.formSymmetricDifference(.viewChannel)
      default:
        if directory.channels[group]?.participants.remove(person) == nil {
          directory.channels[group]?.participants.insert(person)
        }
      }
    }
    directory.version = old.version + 1
    return directory
  }
}

@Suite struct CrowdTests {
  private let now = WallTime(milliseconds: 1_800_000_000_000)

  private func seen(_ crowd: inout Crowd, _ channel: Identifier) -> [Identifier] {
    var result: [Identifier] = []
    crowd.forEach(seeing: channel) { result.append($0.user) }
    return result.sorted()
  }

  private func expected(_ crowd: Crowd, _ channel: Identifier) -> [Identifier] {
    crowd.people.keys.filter { crowd.directory.sees($0, channel, at: now) }.sorted()
  }

  @Test func `who sees a channel is what the evaluator says, after every change`() {
    forEachSeed { seed, random in
      var directory = RandomFacts.directory(&random)
      var crowd = Crowd(directory)
      for _ in 0..<12 {
        if let user = RandomFacts.people.randomElement(using: &random) { _ = crowd.person(user) }
        if random.chance(0.2), let person = crowd.people.values.min(by: { $0.user < $1.user }) { crowd.remove(person) }
        for channel in RandomFacts.channels + [RandomFacts.group, id(999)] {
          #expect(seen(&crowd, channel) == expected(crowd, channel), "seed \(seed)")
        }
        directory = RandomFacts.changed(directory, &random)
        _ = crowd.change(to: directory)
      }
    }
  }

  @Test func `a change names exactly whose sight it changed`() {
    forEachSeed { seed, random in
      var directory = RandomFacts.directory(&random)
      var crowd = Crowd(directory)
      for person in RandomFacts.people { _ = crowd.person(person) }
      for _ in 0..<8 {
        let next = RandomFacts.changed(directory, &random)
        let before = Set(crowd.people.keys)
        let (gone, changes) = crowd.change(to: next)
        #expect(Set(gone.map(\.user)) == before.filter { next.members[$0] == nil }, "seed \(seed)")
        for channel in directory.channels.keys {
          let change = changes.first { $0.channel == channel }
          let old = Set(crowd.people.keys.filter { directory.sees($0, channel, at: now) })
          let new = Set(crowd.people.keys.filter { next.sees($0, channel, at: now) })
          #expect(Set(change?.gained ?? []) == new.subtracting(old), "seed \(seed)")
          #expect(Set(change?.lost ?? []) == old.subtracting(new), "seed \(seed)")
        }
        directory = next
      }
    }
  }

  @Test func `a thousand people with equal roles are asked about once`() {
    var directory = Facts.directory
    for user in 0..<1000 { directory.members[id(Int64(10_000 + user))] = Member(id: id(Int64(10_000 + user))) }
    var crowd = Crowd(directory)
    for user in 0..<1000 { _ = crowd.person(id(Int64(10_000 + user))) }
    var count = 0
    crowd.forEach(seeing: Facts.open) { _ in count += 1 }
    #expect(count == 1000)
    #expect(crowd.groupCount == 1)
  }
}
