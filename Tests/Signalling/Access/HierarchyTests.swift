// Rank: nobody acts on who stands at or above them, and nobody gives what they lack (UN-054).

import Access
import Chronology
import Identifiers
import Randomness
import TestSupport
import Testing

private let now = Directory.now

@Suite struct HierarchyTests {
  @Test func `rank is a strict order: never on oneself, never both ways, and it carries on`() {
    forEachSeed(300) { seed, random in
      let directory = Directory.random(&random)
      let users = directory.members.keys.sorted()
      for a in users {
        #expect(!directory.outranks(a, a), "seed \(seed)")
        for b in users where directory.outranks(a, b) {
          #expect(!directory.outranks(b, a), "seed \(seed)")
          for c in users where directory.outranks(b, c) { #expect(directory.outranks(a, c), "seed \(seed)") }
        }
      }
    }
  }

  @Test func `no assignment lifts anybody to the rank of who made it, or beyond what that one holds`() {
    forEachSeed(1000) { seed, random in
      let directory = Directory.random(&random)
      for actor in directory.members.keys where !directory.isOwner(actor) {
        let held = directory.permissions(of: actor, at: now)
        for target in directory.members.keys {
          for role in directory.roles.values
          where directory.mayAssign(actor, role, to: target, at: now) {
            var after = directory
            after.members[target]?.roles.append(role.id)
            let gained = after.permissions(of: target, at: now).subtracting(directory.permissions(of: target, at: now))
            #expect(held.isSuperset(of: gained), "seed \(seed)")
            #expect(
              after.rank(of: target) == directory.rank(of: target) || after.rank(of: target) < after.rank(of: actor))
          }
        }
      }
    }
  }

  @Test func `no change of an override gives anybody a bit that its author lacks in that channel`() {
    forEachSeed(1000) { seed, random in
      let directory = Directory.random(&random)
      for (id, channel) in directory.channels where !channel.kind.isConversation {
        for actor in directory.members.keys {
          let held = directory.permissions(of: actor, in: id, at: now)
          let target: OverrideTarget =
            random.below(2) == 0
            ? .role(Ids.role(random.below(5))) : .member(Ids.user(random.below(4)))
          let old = channel.overrides[target] ?? Override()
          var new = Override(allow: Directory.bits(&random), deny: Directory.bits(&random))
          // Half of the time something the actor can do, or the property would speak of refusals only.
          if random.below(2) == 0 {
            new.allow = old.allow.union(new.allow.intersection(held))
            new.deny = old.deny.subtracting(new.allow.intersection(held))
          }
          guard directory.mayOverride(actor, target, from: old, to: new, in: id, at: now) else { continue }
          var after = directory
          after.channels[id]?.overrides[target] = new
          for user in directory.members.keys {
            let before = directory.permissions(of: user, in: id, at: now)
            guard before.contains(.viewChannel) else { continue }
            let changed = after.permissions(of: user, in: id, at: now).symmetricDifference(before)
            // Bits that hang on others come and go with them.
            let implied: Permissions = [.mentionEveryone, .bypassSlowMode, .speak, .stream, .muteMembers, .moveMembers]
            let direct = changed.subtracting(implied)
            let isHidden = !after.permissions(of: user, in: id, at: now).contains(.viewChannel)
            #expect(isHidden ? held.contains(.viewChannel) : held.isSuperset(of: direct), "seed \(seed)")
          }
        }
      }
    }
  }

  @Test func `nobody changes the override of a role at or above their own`() {
    var directory = EvaluatorTests.plain(.memberDefault, roles: [[], .manageRoles, []])
    directory.members[Ids.user(0)]?.roles = [Ids.role(2)]
    let change = Override(deny: .sendMessages)
    func may(_ target: OverrideTarget) -> Bool {
      directory.mayOverride(Ids.user(0), target, from: Override(), to: change, in: Ids.channel(0), at: now)
    }
    #expect(may(.role(Ids.role(0))))
    #expect(may(.role(Ids.role(1))))
    #expect(!may(.role(Ids.role(2))))
    #expect(!may(.role(Ids.role(3))))
  }

  @Test func `who manages roles in one channel only cannot pass that on`() {
    var directory = EvaluatorTests.plain(.memberDefault, roles: [[], []])
    directory.channels[Ids.channel(0)]?.overrides[.member(Ids.user(0))] = Override(allow: .manageRoles)
    func may(_ allow: Permissions) -> Bool {
      directory.mayOverride(
        Ids.user(0), .role(Ids.role(0)), from: Override(), to: Override(allow: allow), in: Ids.channel(0), at: now)
    }
    #expect(may(.sendMessages))
    #expect(!may(.manageRoles))
    #expect(!may(.manageMessages))
  }

  @Test func `the owner role answers to owners only, and the role of everybody is given to nobody`() {
    var directory = EvaluatorTests.plain(.memberDefault, roles: [.all, .all])
    directory.roles[Ids.role(3)] = Role(id: Ids.role(3), kind: .owner, name: "Owner", position: 3, permissions: .all)
    directory.members[Ids.user(1)] = Member(id: Ids.user(1), roles: [Ids.role(3)])
    directory.members[Ids.user(2)] = Member(id: Ids.user(2))
    guard let owner = directory.roles[Ids.role(3)], let everyone = directory.roles[Ids.role(0)] else {
      Issue.record("the roles are gone")
      return
    }
    #expect(!directory.mayAssign(Ids.user(0), owner, to: Ids.user(2), at: now))
    #expect(directory.mayAssign(Ids.user(1), owner, to: Ids.user(2), at: now))
    #expect(!directory.mayAssign(Ids.user(1), everyone, to: Ids.user(2), at: now))
    #expect(!directory.outranks(Ids.user(0), Ids.user(1)))
    #expect(directory.outranks(Ids.user(1), Ids.user(0)))
    #expect(directory.owners == [Ids.user(1)])
  }

  @Test func `strangers stand below every member`() {
    let directory = EvaluatorTests.plain(.memberDefault, roles: [])
    #expect(directory.outranks(Ids.user(0), Ids.user(7)))
    #expect(!directory.outranks(Ids.user(7), Ids.user(0)))
    #expect(directory.rank(of: Ids.user(7)) == -1)
  }
}
