// The evaluator: against a model of its own, as a table of every combination, and by the vectors of the requirements.

import Access
import Chronology
import Identifiers
import Problems
import Randomness
import TestSupport
import Testing

private let now = Directory.now

@Suite struct EvaluatorTests {
  @Test func `it agrees with the naive model about every bit`() {
    forEachSeed(1000) { seed, random in
      let directory = Directory.random(&random)
      let model = NaiveModel(directory: directory, time: now)
      for user in directory.members.keys {
        for channel in directory.channels.keys {
          let held = directory.permissions(of: user, in: channel, at: now)
          let expected = NaiveModel.everyBit.filter { model.holds($0, user, in: channel) }.reduce(0, |)
          #expect(held.rawValue == expected, "seed \(seed), user \(user), channel \(channel)")
        }
      }
    }
  }

  @Test func `its explanation ends where it ends`() {
    forEachSeed(500) { seed, random in
      let directory = Directory.random(&random)
      for user in directory.members.keys {
        for channel in directory.channels.keys {
          let steps = directory.explanation(of: user, in: channel, at: now)
          let last = steps.last?.result ?? []
          #expect(last == directory.permissions(of: user, in: channel, at: now), "seed \(seed)")
        }
      }
    }
  }

  @Test func `more roles never take what no override denies`() {
    forEachSeed(300) { seed, random in
      var directory = Directory.random(&random)
      for id in directory.channels.keys { directory.channels[id]?.overrides = [:] }
      for user in directory.members.keys {
        directory.members[user]?.timedOutUntil = nil
        for channel in directory.channels.keys {
          let before = directory.permissions(of: user, in: channel, at: now)
          var richer = directory
          richer.members[user]?.roles.append(Ids.role(random.below(5)))
          #expect(richer.permissions(of: user, in: channel, at: now).isSuperset(of: before), "seed \(seed)")
        }
      }
    }
  }

  /// Nine states of one bit in each of three kinds of override, three roles: 3^5 combinations of say-nothing, deny, allow.
  @Test func `the truth table of overrides for everyone, three roles and the member`() {
    for index in 0..<243 {
      var rest = index
      var directory = Self.plain(.memberDefault)
      var words: [Int] = []
      for target in Self.targets {
        let word = rest % 3
        rest /= 3
        words.append(word)
        directory.channels[Ids.channel(0)]?.overrides[target] = Override(
          allow: word == 2 ? .sendMessages : [], deny: word == 1 ? .sendMessages : [])
      }
      let member = words[4]
      let roles = words[1...3]
      // Read from the most specific to the least, which is how people explain it.
      let expected: Bool
      if member != 0 {
        expected = member == 2
      } else if roles.contains(2) {
        expected = true
      } else if roles.contains(1) {
        expected = false
      } else {
        expected = words[0] != 1
      }
      let held = directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now)
      #expect(held.contains(.sendMessages) == expected, "\(words)")
    }
  }

  /// Everyone, three roles, the member.
  private static let targets: [OverrideTarget] = [
    .role(Ids.role(0)), .role(Ids.role(1)), .role(Ids.role(2)), .role(Ids.role(3)), .member(Ids.user(0)),
  ]

  /// One member with three empty roles, and one text channel.
  static func plain(_ everyone: Permissions, roles: [Permissions] = [[], [], []]) -> Directory {
    var directory = Directory()
    directory.everyone = Ids.role(0)
    directory.roles[Ids.role(0)] = Role(
      id: Ids.role(0), kind: .everyone, name: "Member", position: 0, permissions: everyone)
    for (index, permissions) in roles.enumerated() {
      directory.roles[Ids.role(index + 1)] = Role(
        id: Ids.role(index + 1), name: "role \(index + 1)", position: index + 1, permissions: permissions)
    }
    directory.members[Ids.user(0)] = Member(id: Ids.user(0), roles: roles.indices.map { Ids.role($0 + 1) })
    directory.channels[Ids.channel(0)] = Channel(id: Ids.channel(0), kind: .text)
    directory.channels[Ids.channel(1)] = Channel(id: Ids.channel(1), kind: .voice)
    return directory
  }

  // MARK: The vectors of unified.md §5

  @Test func `a member may view, send, connect, speak and stream, and not manage`() {
    let directory = Self.plain(Permissions(rawValue: 1504), roles: [])
    let held = directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now)
    #expect(held == [.viewChannel, .sendMessages, .connectVoice, .speak, .stream])
    #expect(throws: Problem.forbidden) {
      try directory.require(.manageChannels, of: Ids.user(0), in: Ids.channel(0), at: now)
    }
  }

  @Test func `a member who is denied 32 in a channel may not send there, and elsewhere may`() {
    var directory = Self.plain(Permissions(rawValue: 1504), roles: [])
    directory.channels[Ids.channel(0)]?.overrides[.role(Ids.role(0))] = Override(deny: Permissions(rawValue: 32))
    #expect(!directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now).contains(.sendMessages))
    #expect(directory.permissions(of: Ids.user(0), in: Ids.channel(1), at: now).contains(.sendMessages))
  }

  @Test func `another role's allow of 32 gives it back`() {
    var directory = Self.plain(Permissions(rawValue: 1504), roles: [[], []])
    directory.channels[Ids.channel(0)]?.overrides[.role(Ids.role(1))] = Override(deny: Permissions(rawValue: 32))
    directory.channels[Ids.channel(0)]?.overrides[.role(Ids.role(2))] = Override(allow: Permissions(rawValue: 32))
    #expect(directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now).contains(.sendMessages))
  }

  @Test func `an administrator who is denied 32 may send`() {
    var directory = Self.plain(Permissions(rawValue: 1504), roles: [.admin])
    for target in Self.targets {
      directory.channels[Ids.channel(0)]?.overrides[target] = Override(deny: .ofChannels)
    }
    #expect(directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now) == .all)
  }

  // MARK: Hiding, timeouts, strangers

  @Test func `who cannot see a channel holds nothing in it and hears that there is none`() {
    var directory = Self.plain(.memberDefault, roles: [.manageChannels])
    directory.channels[Ids.channel(0)]?.overrides[.role(Ids.role(0))] = Override(deny: .viewChannel)
    #expect(directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now).isEmpty)
    #expect(throws: Problem.notFound("channel")) {
      try directory.require([], of: Ids.user(0), in: Ids.channel(0), at: now)
    }
  }

  @Test func `a channel cannot make anybody an administrator or moderator of the server`() {
    var directory = Self.plain(.memberDefault, roles: [])
    directory.channels[Ids.channel(0)]?.overrides[.member(Ids.user(0))] = Override(allow: .all)
    let held = directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now)
    #expect(held.isDisjoint(with: [.admin, .kickMembers, .banMembers, .moderateMembers, .viewAuditLog]))
  }

  @Test func `a timeout leaves looking until its last millisecond`() {
    var directory = Self.plain(.memberDefault, roles: [.manageMessages])
    directory.members[Ids.user(0)]?.timedOutUntil = now
    let before = WallTime(milliseconds: now.milliseconds - 1)
    #expect(directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: before) == .viewChannel)
    #expect(directory.permissions(of: Ids.user(0), at: before) == .viewChannel)
    #expect(directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now).contains(.sendMessages))
  }

  @Test func `a timeout does nothing to administrators`() {
    var directory = Self.plain(.memberDefault, roles: [.admin])
    directory.members[Ids.user(0)]?.timedOutUntil = WallTime(milliseconds: .max)
    #expect(directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now) == .all)
  }

  @Test func `strangers hold nothing anywhere`() {
    let directory = Self.plain(.all)
    #expect(directory.permissions(of: Ids.user(9), at: now).isEmpty)
    #expect(directory.permissions(of: Ids.user(9), in: Ids.channel(0), at: now).isEmpty)
    #expect(directory.explanation(of: Ids.user(9), in: Ids.channel(0), at: now).isEmpty)
    #expect(directory.permissions(of: Ids.user(0), in: Ids.channel(9), at: now).isEmpty)
  }

  @Test func `a conversation belongs to its participants, owners included or not`() {
    var directory = Self.plain(.memberDefault, roles: [.all])
    directory.channels[Ids.channel(0)] = Channel(id: Ids.channel(0), kind: .direct, participants: [Ids.user(5)])
    #expect(directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now).isEmpty)
    directory.channels[Ids.channel(0)]?.participants.insert(Ids.user(0))
    #expect(
      directory.permissions(of: Ids.user(0), in: Ids.channel(0), at: now)
        == [.viewChannel, .sendMessages, .connectVoice, .speak, .stream])
  }
}
