// Who is seen how: several devices, idleness, choices, and what the others are told.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import Randomness
import TestSupport
import Testing

@testable import Gateway

@Suite struct PresenceTests {
  private func status(_ harness: Harness, _ user: Identifier) -> String? {
    harness.node.presences(of: [user])[user.description]?.string
  }

  @Test func `a connection makes online, and the others are told within a second`() {
    let harness = Harness(Facts.directory)
    let bob = harness.connect(Facts.bob)
    let ann = harness.open(Facts.ann)
    harness.answerLoads()
    harness.advance(Limit.presencePeriod)
    let told = harness.messages(bob, "presence_update").last
    #expect(told?["d"] == ["user_id": .string(Facts.ann.description), "status": "online"])
    #expect(harness.closed[ann] == nil)
  }

  @Test func `five minutes without activity make idle, and activity makes online again`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    harness.live(.seconds(310), [ann])
    #expect(status(harness, Facts.ann) == "idle")
    harness.send(ann, ["op": "activity"])
    harness.advance(.seconds(2))
    #expect(status(harness, Facts.ann) == "online")
  }

  @Test func `one active device is enough`() {
    let harness = Harness(Facts.directory)
    let phone = harness.connect(Facts.ann)
    let desk = harness.connect(Facts.ann)
    harness.live(.seconds(240), [phone, desk])
    harness.send(desk, ["op": "activity"])
    harness.live(.seconds(120), [phone, desk])
    #expect(status(harness, Facts.ann) == "online")
  }

  @Test(arguments: ["dnd", "idle"])
  func `a choice stays, whatever the person does`(_ choice: String) {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    harness.send(ann, ["op": "presence_update", "d": ["status": .string(choice)]])
    harness.advance(.seconds(2))
    harness.send(ann, ["op": "activity"])
    harness.live(.seconds(400), [ann])
    #expect(status(harness, Facts.ann) == choice)
    #expect(harness.notes.flatMap(\.choices).map(\.status) == [choice])
    harness.send(ann, ["op": "presence_update", "d": ["status": "online"]])
    harness.advance(.seconds(2))
    #expect(status(harness, Facts.ann) == "online")
  }

  @Test func `a choice of an earlier day counts from the first ready`() {
    let harness = Harness(Facts.directory)
    _ = harness.open(Facts.ann)
    harness.answerLoads(status: "dnd")
    harness.advance(.seconds(2))
    #expect(status(harness, Facts.ann) == "dnd")
  }

  @Test func `offline cannot be said, only done`() {
    let harness = Harness(Facts.directory)
    let ann = harness.connect(Facts.ann)
    harness.send(ann, ["op": "presence_update", "d": ["status": "offline"]])
    #expect(harness.last(ann, "error") != nil)
  }

  @Test func `the last connection's end makes offline, and is remembered`() {
    let harness = Harness(Facts.directory)
    let phone = harness.connect(Facts.ann)
    let desk = harness.connect(Facts.ann)
    harness.close(phone)
    harness.advance(.seconds(10))
    #expect(status(harness, Facts.ann) == "online")
    harness.close(desk)
    harness.advance(.seconds(10))
    #expect(status(harness, Facts.ann) == "offline")
    #expect(harness.notes.flatMap(\.seen).map(\.user) == [Facts.ann])
  }

  @Test func `a reload is not an absence`() {
    let harness = Harness(Facts.directory)
    let bob = harness.connect(Facts.bob)
    let ann = harness.connect(Facts.ann)
    harness.forget()
    harness.close(ann)
    harness.advance(.seconds(2))
    _ = harness.connect(Facts.ann)
    harness.advance(.seconds(10))
    #expect(harness.messages(bob, "presence_update").isEmpty)
  }

  @Test func `many changes at once are told in one message`() {
    var directory = Facts.directory
    for user in 1000..<1020 { directory.members[id(Int64(user))] = Member(id: id(Int64(user))) }
    let harness = Harness(directory)
    let ann = harness.connect(Facts.ann)
    harness.forget()
    for user in 1000..<1020 { _ = harness.open(id(Int64(user))) }
    harness.answerLoads()
    harness.advance(.seconds(2))
    #expect(harness.messages(ann, "presence_updates").count == 1)
    #expect(harness.last(ann, "presence_updates")?["d"]?["presences"]?.array?.count == 20)
  }

  @Test func `beyond a thousand people presence is told to oneself alone`() {
    var directory = Facts.directory
    for user in 0..<Limit.presenceAudience {
      directory.members[id(Int64(10_000 + user))] = Member(id: id(Int64(10_000 + user)))
    }
    let harness = Harness(directory)
    for user in 0..<Limit.presenceAudience { _ = harness.open(id(Int64(10_000 + user))) }
    harness.answerLoads()
    harness.advance(.seconds(2))
    let ann = harness.connect(Facts.ann)
    let bob = harness.connect(Facts.bob)
    harness.forget()
    harness.send(ann, ["op": "presence_update", "d": ["status": "dnd"]])
    harness.advance(.seconds(2))
    #expect(harness.messages(ann, "presence_update").count == 1)
    #expect(harness.messages(bob, "presence_update").isEmpty)
    #expect(status(harness, Facts.ann) == "dnd")
  }

  // MARK: Against a model

  /// What a person does, remembered in the plainest way.
  private struct Model {
    var choice = "online"
    /// By open connection: when it last did something.
    var active: [SocketID: Instant] = [:]

    func status(at now: Instant) -> String {
      guard !active.isEmpty else { return "offline" }
      if choice != "online" { return choice }
      return active.values.contains { now - $0 < .seconds(300) } ? "online" : "idle"
    }

    /// Whether the answer hangs on which second one looks.
    func isUnsure(at now: Instant) -> Bool {
      active.values.contains { abs((now - $0).seconds - 300) < 10 }
    }
  }

  @Test func `presence is what a plain model says, and what the others were told`() {
    let people = [Facts.ann, Facts.bob, Facts.eve]
    forEachSeed { seed, random in
      let harness = Harness(Facts.directory, seed: seed)
      let watcher = id(14)
      var directory = Facts.directory
      directory.members[watcher] = Member(id: watcher)
      harness.change(directory)
      let watching = harness.connect(watcher)
      var models = Dictionary(uniqueKeysWithValues: people.map { ($0, Model()) })
      for _ in 0..<25 {
        guard let user = people.randomElement(using: &random) else { return }
        let socket = models[user]?.active.keys.sorted { $0.rawValue < $1.rawValue }.randomElement(using: &random)
        switch (Int.random(in: 0..<6, using: &random), socket) {
        case (0, _), (_, nil):
          let socket = harness.open(user)
          harness.answerLoads(status: models[user]?.choice ?? "online")
          models[user]?.active[socket] = harness.moment.instant
        case (1, let socket?):
          harness.close(socket)
          models[user]?.active[socket] = nil
        case (2, let socket?):
          let choice = ["online", "idle", "dnd"].randomElement(using: &random) ?? "online"
          harness.send(socket, ["op": "presence_update", "d": ["status": .string(choice)]])
          models[user]?.choice = choice
          models[user]?.active[socket] = harness.moment.instant
        case (3, let socket?):
          harness.send(socket, ["op": "activity"])
          models[user]?.active[socket] = harness.moment.instant
        default: break
        }
        let open = models.values.flatMap(\.active.keys) + [watching]
        harness.live(.seconds(Int64.random(in: 6...200, using: &random)), open)
        // Long enough for what is gathered and for what is only looked at now and then.
        harness.advance(.seconds(6))
        for user in people {
          guard let model = models[user], !model.isUnsure(at: harness.moment.instant) else { continue }
          let expected = model.status(at: harness.moment.instant)
          #expect(status(harness, user) == expected, "seed \(seed)")
          let told = harness.messages(watching, "presence_update").last {
            $0["d"]?["user_id"]?.string == user.description
          }
          #expect(told?["d"]?["status"]?.string ?? "offline" == expected, "seed \(seed)")
        }
      }
    }
  }
}
