// Who sees what, for everybody with a session: the evaluator's answers, asked once for all members with equal roles.
//
// A message to a thousand people must not ask a thousand times. Members with the same roles get the same answer in every
// channel that has no override for them in person, so people are kept in groups by their roles, and an answer is kept for
// each pair of group and channel until the directory changes.

import API
import Access
import Chronology
import Identifiers

struct Crowd {
  private struct Group {
    var roles: [Identifier]
    var people: [Person] = []
  }

  private(set) var directory: Directory
  private(set) var people: [Identifier: Person] = [:]
  private var groups: [Group] = []
  private var groupByRoles: [[Identifier]: Int] = [:]
  /// For each channel the answer by group; nil = not asked since the directory changed.
  private var answers: [Identifier: [Bool?]] = [:]

  init(_ directory: Directory) { self.directory = directory }

  /// Sets of roles that are asked about apart.
  var groupCount: Int { groups.count }

  // MARK: People

  /// The person behind an account. Nil for who is not a member.
  mutating func person(_ user: Identifier) -> Person? {
    if let person = people[user] { return person }
    guard let member = directory.members[user] else { return nil }
    let person = Person(user, group: 0, place: 0)
    enter(person, group(member))
    people[user] = person
    return person
  }

  mutating func remove(_ person: Person) {
    guard people[person.user] === person else { return }
    leaveGroup(person)
    people[person.user] = nil
  }

  /// Roles that stand for a group, whatever their order in the member.
  private func key(_ member: Member) -> [Identifier] { member.roles.sorted() }

  private mutating func group(_ member: Member) -> Int {
    let roles = key(member)
    if let index = groupByRoles[roles] { return index }
    // An emptied group's place is used again, so that the list does not grow with every change of roles.
    if let index = groups.firstIndex(where: \.people.isEmpty) {
      groupByRoles[groups[index].roles] = nil
      groups[index].roles = roles
      groupByRoles[roles] = index
      for channel in answers.keys where index < (answers[channel]?.count ?? 0) { answers[channel]?[index] = nil }
      return index
    }
    groups.append(Group(roles: roles))
    groupByRoles[roles] = groups.count - 1
    return groups.count - 1
  }

  private mutating func enter(_ person: Person, _ group: Int) {
    person.group = group
    person.place = groups[group].people.count
    groups[group].people.append(person)
  }

  private mutating func leaveGroup(_ person: Person) {
    let last = groups[person.group].people.removeLast()
    guard last !== person else { return }
    groups[person.group].people[person.place] = last
    last.place = person.place
  }

  // MARK: Sight

  func sees(_ user: Identifier, _ channel: Identifier) -> Bool {
    // A timeout leaves looking, so that sight does not depend on the time.
    directory.sees(user, channel, at: WallTime(milliseconds: 0))
  }

  /// Everybody with a session who sees the channel.
  mutating func forEach(seeing id: Identifier, _ body: (Person) -> Void) {
    guard let channel = directory.channels[id] else { return }
    if channel.kind.isConversation {
      for user in channel.participants where directory.members[user] != nil {
        if let person = people[user] { body(person) }
      }
      return
    }
    let exceptions = channel.overrides.keys.contains(where: \.isMember)
    for index in groups.indices where !groups[index].people.isEmpty {
      let isSeen = answer(index, channel)
      for person in groups[index].people {
        if exceptions, channel.overrides[.member(person.user)] != nil {
          if sees(person.user, id) { body(person) }
        } else if isSeen {
          body(person)
        }
      }
    }
  }

  /// What the evaluator says of a member of the group who has no override in person.
  private mutating func answer(_ group: Int, _ channel: Channel) -> Bool {
    if let known = answers[channel.id], group < known.count, let answer = known[group] { return answer }
    let person = groups[group].people.first { channel.overrides[.member($0.user)] == nil }
    let answer = person.map { sees($0.user, channel.id) } ?? false
    guard person != nil else { return false }
    var known = answers[channel.id] ?? []
    while known.count <= group { known.append(nil) }
    known[group] = answer
    answers[channel.id] = known
    return answer
  }

  func forEach(_ body: (Person) -> Void) {
    for person in people.values { body(person) }
  }

  // MARK: Change

  /// Sight that changed for one channel, by ascending id.
  struct Change {
    var channel: Identifier
    var gained: [Identifier] = []
    var lost: [Identifier] = []
  }

  /// Takes the new facts in. Returns who is no member any more, and whose sight of which channel changed. Channels that
  /// are new have no gains, and those that are gone list in `lost` everybody who saw them.
  mutating func change(to new: Directory) -> (gone: [Person], changes: [Change]) {
    let gone = people.values.filter { new.members[$0.user] == nil }
    for person in gone { remove(person) }
    let old = directory
    let moved = people.values.filter { new.members[$0.user]?.roles != old.members[$0.user]?.roles }
    directory = new
    answers = [:]
    for person in moved {
      guard let member = new.members[person.user] else { continue }
      leaveGroup(person)
      enter(person, group(member))
    }
    let movedUsers = Set(moved.map(\.user))
    let isSameForMost = Self.means(old) == Self.means(new) && old.everyone == new.everyone
    var changes: [Change] = []
    for (id, channel) in old.channels {
      let isSame = isSameForMost && new.channels[id] == channel
      if isSame, moved.isEmpty { continue }
      var change = Change(channel: id)
      for person in moved { compare(person, with: old, &change) }
      if !isSame { compareOthers(than: movedUsers, with: old, &change) }
      guard !change.gained.isEmpty || !change.lost.isEmpty else { continue }
      change.gained.sort()
      change.lost.sort()
      changes.append(change)
    }
    return (gone, changes.sorted { $0.channel < $1.channel })
  }

  /// What of the roles decides about sight: their names and colours do not.
  private static func means(_ directory: Directory) -> [Identifier: Permissions] {
    directory.roles.mapValues { $0.kind == .owner ? .all : $0.permissions.intersection([.viewChannel, .admin]) }
  }

  private func compare(_ person: Person, with old: Directory, _ change: inout Change) {
    record(
      person, before: old.sees(person.user, change.channel, at: WallTime(milliseconds: 0)),
      after: sees(person.user, change.channel), &change)
  }

  private func record(_ person: Person, before: Bool, after: Bool, _ change: inout Change) {
    if before, !after { change.lost.append(person.user) }
    if after, !before { change.gained.append(person.user) }
  }

  /// Everybody whose roles are what they were: one question for each group before and after, but for who has, or had, an
  /// override in person.
  private func compareOthers(than moved: Set<Identifier>, with old: Directory, _ change: inout Change) {
    let before = old.channels[change.channel]
    let after = directory.channels[change.channel]
    if before?.kind.isConversation == true {
      let users = (before?.participants ?? []).symmetricDifference(after?.participants ?? [])
      for user in users where !moved.contains(user) {
        if let person = people[user] { compare(person, with: old, &change) }
      }
      return
    }
    let apart = (before?.personal ?? []).union(after?.personal ?? [])
    for user in apart where !moved.contains(user) {
      if let person = people[user] { compare(person, with: old, &change) }
    }
    for group in groups {
      let isOrdinary = { (person: Person) in !apart.contains(person.user) && !moved.contains(person.user) }
      guard let one = group.people.first(where: isOrdinary) else { continue }
      let saw = old.sees(one.user, change.channel, at: WallTime(milliseconds: 0))
      let isSeen = sees(one.user, change.channel)
      guard saw != isSeen else { continue }
      for person in group.people where isOrdinary(person) { record(person, before: saw, after: isSeen, &change) }
    }
  }
}

extension Channel {
  /// Who has an override in person.
  fileprivate var personal: Set<Identifier> {
    Set(overrides.keys.compactMap { if case .member(let user) = $0 { user } else { nil } })
  }
}

extension OverrideTarget {
  fileprivate var isMember: Bool { if case .member = self { true } else { false } }
}
