// The promise of the stream, under everything that can go wrong with it: every client's view of the channels is in the
// end exactly what it may see, each message once and in order.

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

/// A database in the plainest form, with commits that the gateway has not heard of yet.
private struct World {
  var directory: Directory
  var commit: UInt64 = 0
  /// Messages of each channel by the commit that wrote them, which is their name too.
  var messages: [Identifier: [UInt64]] = [:]
  var gone: Set<Identifier> = []
  /// Committed, and on its way to the gateway.
  var waiting: [(event: [Event], commit: UInt64, directory: Directory?)] = []

  mutating func write(to channel: Identifier) {
    guard directory.channels[channel] != nil else { return }
    commit += 1
    messages[channel, default: []].append(commit)
    let data: JSONValue = ["channel": .string(channel.description), "commit": .integer(Int64(commit))]
    waiting.append(([Event("message_create", data.serialized, to: .channel(channel))], commit, nil))
  }

  /// Commits a change of the facts, with the events that the community tells about channels.
  mutating func change(to next: Directory) {
    commit += 1
    var events: [Event] = []
    var new = next
    // An id is never used again.
    for id in gone { new.channels[id] = nil }
    for id in directory.channels.keys where new.channels[id] == nil { gone.insert(id) }
    let group = RandomFacts.group
    let (old, now) = (directory.channels[group]?.participants ?? [], new.channels[group]?.participants ?? [])
    for user in now.subtracting(old) {
      let body: JSONValue = ["channel": ["id": .string(group.description)]]
      events.append(Event("channel_create", body.serialized, to: .users([user])))
    }
    for user in old.subtracting(now) {
      let data: JSONValue = ["id": .string(group.description)]
      events.append(Event("channel_delete", data.serialized, to: .users([user])))
    }
    for id in new.channels.keys where directory.channels[id] == nil {
      let body: JSONValue = ["channel": ["id": .string(id.description)]]
      events.append(Event("channel_create", body.serialized, to: .channel(id)))
    }
    for id in directory.channels.keys where new.channels[id] == nil {
      let data: JSONValue = ["id": .string(id.description)]
      events.append(Event("channel_delete", data.serialized, to: .channel(id)))
      messages[id] = nil
    }
    directory = new
    waiting.append((events, commit, new))
  }
}

/// A client that keeps what it is told, fetches the history of channels that it comes to know, and minds doubles.
private final class Reader {
  let user: Identifier
  var socket: SocketID
  var session = ""
  var sequence: UInt64 = 0
  /// Messages of each channel that the client knows.
  var view: [Identifier: [UInt64]] = [:]
  /// What its last `ready` included.
  var included: UInt64 = 0
  var isOpen = true
  var isCongested = false
  var faults: [String] = []

  init(_ user: Identifier, _ socket: SocketID) {
    self.user = user
    self.socket = socket
  }

  /// Reads what came. `history` is what a request for a channel's messages would answer, by their numbers.
  func read(_ harness: Harness, history: (Identifier, UInt64, UInt64) -> [UInt64]) {
    for message in harness.inbox[socket] ?? [] {
      let number = UInt64(message["s"]?.integer ?? 0)
      let data = message["d"] ?? .null
      switch message["op"]?.string {
      case "ready":
        session = data["session_id"]?.string ?? ""
        included = UInt64(data["commit"]?.integer ?? 0)
        view = [:]
        for entry in data["channels"]?.array ?? [] {
          guard let id = entry["id"]?.string.flatMap({ Identifier($0) }) else { continue }
          view[id] = (entry["messages"]?.array ?? []).compactMap { $0.integer.map { UInt64($0) } }
        }
      case "channel_create":
        guard let id = data["channel"]?["id"]?.string.flatMap({ Identifier($0) }) else { continue }
        view[id] = Set((view[id] ?? []) + history(id, number, included)).sorted()
      case "channel_delete":
        guard let id = data["id"]?.string.flatMap({ Identifier($0) }) else { continue }
        view[id] = nil
      case "message_create":
        guard let id = data["channel"]?.string.flatMap({ Identifier($0) }), let commit = data["commit"]?.integer else {
          continue
        }
        if view[id] == nil { faults.append("message \(commit) of the unknown channel \(id)") }
        if let last = view[id]?.last, last >= UInt64(commit) { faults.append("message \(commit) after \(last)") }
        view[id, default: []].append(UInt64(commit))
      default: break
      }
      if number > 0 {
        if number < sequence { faults.append("number \(number) after \(sequence)") }
        sequence = number
      }
    }
    harness.inbox[socket] = []
  }
}

/// One run: the world, the gateway between, and the readers.
private final class Run {
  var world: World
  let harness: Harness
  var readers: [Reader] = []
  /// The number in the stream of each message.
  var numbers: [UInt64: UInt64] = [:]

  init(_ random: inout Random, seed: UInt64) {
    world = World(directory: RandomFacts.directory(&random))
    harness = Harness(world.directory, seed: seed)
  }

  /// Lets the gateway hear of the oldest commit that it has not heard of.
  func deliver() {
    guard !world.waiting.isEmpty else { return }
    let next = world.waiting.removeFirst()
    let before = harness.node.sequence
    harness.node.publish(next.event, commit: next.commit, directory: next.directory, at: harness.moment)
    if next.directory == nil { numbers[next.commit] = before + 1 }
    harness.collect()
  }

  /// A reader thread answers one load with a snapshot of now, which the gateway may be behind of.
  func answer() {
    guard !harness.loads.isEmpty else { return }
    let load = harness.loads.removeFirst()
    guard case .ready(let user, _) = load.query, let directory = asked.removeValue(forKey: load.id) else { return }
    let channels = world.directory.channels.keys.sorted().filter {
      directory.sees(user, $0, at: harness.moment.wall)
    }
    let body: JSONValue = [
      "commit": .integer(Int64(world.commit)),
      "channels": .array(
        channels.map { id in
          [
            "id": .string(id.description),
            "messages": .array((world.messages[id] ?? []).map { .integer(Int64($0)) }),
          ]
        }),
    ]
    let view = GatewayView(body: body.serialized, commit: world.commit, version: directory.version)
    harness.node.loaded(load.id, .success(view), voices: [], at: harness.moment)
    harness.collect()
    note()
  }

  /// The directory of the time at which each load was asked for: what the process hands to its reader.
  private var asked: [LoadID: Directory] = [:]

  func note() {
    for load in harness.loads where asked[load.id] == nil { asked[load.id] = harness.node.directory }
  }

  func read() {
    note()
    for reader in readers where reader.isOpen {
      if harness.closed[reader.socket] != nil {
        // Removed from the community: nothing that it knows counts any more.
        reader.isOpen = false
        continue
      }
      reader.read(harness) { [self] channel, number, included in
        (world.messages[channel] ?? []).filter { $0 <= included || (numbers[$0] ?? .max) < number }
      }
    }
  }

  func step(_ random: inout Random) {
    let reader = readers.randomElement(using: &random)
    switch Int.random(in: 0..<14, using: &random) {
    case 0...3:
      let channels = RandomFacts.channels + [RandomFacts.group]
      if let channel = channels.randomElement(using: &random) { world.write(to: channel) }
    case 4: world.change(to: RandomFacts.changed(world.directory, &random))
    case 5...7: deliver()
    case 8: answer()
    case 9:
      guard readers.count < 8, let user = RandomFacts.people.randomElement(using: &random) else { return }
      readers.append(Reader(user, harness.open(user)))
    case 10:
      guard let reader, reader.isOpen else { return }
      read()
      harness.close(reader.socket)
      reader.isOpen = false
      reader.isCongested = false
    case 11:
      guard let reader, !reader.isOpen, !reader.session.isEmpty else { return }
      reader.socket = harness.open(
        reader.user, resume: Resumption(session: reader.session, sequence: reader.sequence))
      reader.isOpen = true
    case 12:
      guard let reader, reader.isOpen else { return }
      if reader.isCongested { harness.node.drained(reader.socket) } else { harness.node.congested(reader.socket) }
      reader.isCongested.toggle()
    default: harness.advance(.milliseconds(Int64.random(in: 0...800, using: &random)))
    }
    read()
  }

  /// Everything that is under way comes to its end; those who are away come back.
  func settle() {
    while !world.waiting.isEmpty { deliver() }
    read()
    for reader in readers {
      if !reader.isOpen, world.directory.members[reader.user] != nil, !reader.session.isEmpty {
        reader.socket = harness.open(
          reader.user, resume: Resumption(session: reader.session, sequence: reader.sequence))
        reader.isOpen = true
      }
      if reader.isCongested { harness.node.drained(reader.socket) }
      reader.isCongested = false
    }
    harness.collect()
    read()
    while !harness.loads.isEmpty { answer() }
    harness.advance(.milliseconds(100))
    read()
  }
}

@Suite struct ExactlyOnceTests {
  @Test func `every view is in the end what its reader may see, each message once`() {
    forEachSeed(200) { seed, random in
      let run = Run(&random, seed: seed)
      for _ in 0..<120 { run.step(&random) }
      run.settle()
      for reader in run.readers where reader.isOpen {
        #expect(reader.faults.isEmpty, "seed \(seed)")
        let directory = run.world.directory
        let visible = directory.channels.keys.filter {
          directory.sees(reader.user, $0, at: run.harness.moment.wall)
        }
        #expect(reader.view.keys.sorted() == visible.sorted(), "seed \(seed)")
        for id in visible { #expect(reader.view[id] == run.world.messages[id] ?? [], "seed \(seed)") }
      }
    }
  }
}
