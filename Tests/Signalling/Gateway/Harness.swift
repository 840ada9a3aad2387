// A gateway with clients that read what it sends: what the process does, without sockets and threads.

import API
import Access
import Chronology
import Identifiers
import JSON
import Problems
import Randomness

@testable import Gateway

func id(_ number: Int64) -> Identifier { Identifier(rawValue: number) }

/// One gateway, its clock, and everything that it said.
final class Harness {
  var node: GatewayNode
  private(set) var moment = Moment(instant: .origin, wall: WallTime(milliseconds: 1_800_000_000_000))
  /// Frames by socket, oldest first; `Client` takes them out.
  var inbox: [SocketID: [JSONValue]] = [:]
  var closed: [SocketID: GatewayClose] = [:]
  var loads: [(id: LoadID, query: GatewayQuery)] = []
  var checks: [SocketID] = []
  var voice: [(user: Identifier, muted: Bool?, deafened: Bool?)] = []
  var notes: [GatewayNote] = []
  /// Messages that were broadcast, to see that one is encoded once.
  var broadcasts: [(receivers: Int, bytes: [UInt8])] = []
  private var lastSocket: UInt64 = 0
  var voices: [VoiceStateView] = []

  init(_ directory: Directory, channels: [Identifier: [UInt8]] = [:], seed: UInt64 = 1) {
    let random = Generator(seed)
    node = GatewayNode(directory, channels: channels, randomBits: { random.next() })
  }

  private final class Generator {
    private var random: Random
    init(_ seed: UInt64) { random = Random(seed: seed) }
    func next() -> UInt64 { random.next() }
  }

  /// Lets time pass, stopping at every deadline on the way.
  func advance(_ interval: Interval) {
    let end = moment.instant + interval
    while let due = node.nextDeadline, due <= end {
      set(max(due, moment.instant))
      node.advance(to: moment)
      collect()
    }
    set(end)
  }

  private func set(_ instant: Instant) {
    let passed = instant - moment.instant
    moment = Moment(
      instant: instant, wall: WallTime(milliseconds: moment.wall.milliseconds + passed.milliseconds))
  }

  func collect() {
    for effect in node.drainEffects() {
      switch effect {
      case .send(let socket, let bytes): take(bytes, socket)
      case .broadcast(let sockets, let bytes):
        broadcasts.append((sockets.count, bytes))
        for socket in sockets { take(bytes, socket) }
      case .close(let socket, let reason): closed[socket] = reason
      case .load(let id, let query): loads.append((id, query))
      case .check(let socket, _): checks.append(socket)
      case .voiceState(let user, let muted, let deafened): voice.append((user, muted, deafened))
      case .write(let note): notes.append(note)
      }
    }
  }

  private func take(_ bytes: [UInt8], _ socket: SocketID) {
    inbox[socket, default: []].append((try? JSONValue(parsing: bytes)) ?? "garbage")
  }

  // MARK: Clients

  func nextSocket() -> SocketID {
    lastSocket += 1
    return SocketID(rawValue: lastSocket)
  }

  /// Opens a connection, and leaves its `ready` to be answered.
  func open(_ user: Identifier, login: Identifier? = nil, resume: Resumption? = nil) -> SocketID {
    let socket = nextSocket()
    node.opened(socket, Caller(user: user, session: login), resume: resume, at: moment)
    collect()
    return socket
  }

  /// Answers the reads that wait, with nothing in them but what is given.
  func answerLoads(status: String = "online", members: [Identifier] = [], commit: UInt64 = 0) {
    while !loads.isEmpty {
      let load = loads.removeFirst()
      let view = GatewayView(
        body: Array("{\"user\":{}}".utf8), commit: commit, version: node.directory.version, status: status,
        members: members)
      node.loaded(load.id, .success(view), voices: voices, at: moment)
      collect()
    }
  }

  /// A connection that is ready, with its presence told.
  func connect(_ user: Identifier, login: Identifier? = nil) -> SocketID {
    let socket = open(user, login: login)
    answerLoads()
    advance(.seconds(2))
    return socket
  }

  func send(_ socket: SocketID, _ message: JSONValue) { send(socket, message.serialized) }

  func send(_ socket: SocketID, _ bytes: [UInt8]) {
    node.received(socket, bytes, at: moment)
    collect()
  }

  func close(_ socket: SocketID) {
    node.closed(socket, at: moment)
    collect()
  }

  func publish(_ op: String, _ data: JSONValue = [:], to audience: Audience, commit: UInt64 = 0) {
    node.publish([Event(op, data.serialized, to: audience)], commit: commit, at: moment)
    collect()
  }

  func change(_ directory: Directory, events: [Event] = [], commit: UInt64 = 0) {
    var directory = directory
    directory.version = node.directory.version + 1
    node.publish(events, commit: commit, directory: directory, at: moment)
    collect()
  }

  /// Lets time pass for clients that go on saying that they are there.
  func live(_ interval: Interval, _ sockets: [SocketID]) {
    var rest = interval
    while rest > .zero {
      let step = min(rest, .seconds(30))
      advance(step)
      for socket in sockets where closed[socket] == nil { send(socket, ["op": "heartbeat"]) }
      rest = rest - step
    }
  }

  // MARK: What clients got

  func messages(_ socket: SocketID, _ op: String? = nil) -> [JSONValue] {
    (inbox[socket] ?? []).filter { op == nil || $0["op"]?.string == op }
  }

  func last(_ socket: SocketID, _ op: String) -> JSONValue? { messages(socket, op).last }
  func ops(_ socket: SocketID) -> [String] { messages(socket).compactMap { $0["op"]?.string } }
  func forget() { inbox = [:] }

  func session(_ socket: SocketID) -> String { last(socket, "ready")?["d"]?["session_id"]?.string ?? "" }
  /// The greatest number that a client has seen.
  func sequence(_ socket: SocketID) -> UInt64 {
    UInt64(messages(socket).compactMap { $0["s"]?.integer }.max() ?? 0)
  }
}

// MARK: Facts

enum Facts {
  static let everyone = id(1)
  static let staff = id(2)
  static let open = id(100)
  static let hidden = id(101)
  static let ann = id(11)
  static let bob = id(12)
  static let eve = id(13)

  /// Ann and Bob of the staff, Eve of nobody; a channel for all and one for the staff.
  static var directory: Directory {
    var directory = Directory()
    directory.everyone = everyone
    directory.roles[everyone] = Role(
      id: everyone, kind: .everyone, name: "Member", position: 0, permissions: .memberDefault)
    directory.roles[staff] = Role(id: staff, name: "Staff", position: 1, permissions: [])
    directory.channels[open] = Channel(id: open, kind: .text)
    directory.channels[hidden] = Channel(
      id: hidden, kind: .text,
      overrides: [.role(everyone): Override(deny: .viewChannel), .role(staff): Override(allow: .viewChannel)])
    directory.members[ann] = Member(id: ann, roles: [staff])
    directory.members[bob] = Member(id: bob, roles: [staff])
    directory.members[eve] = Member(id: eve)
    return directory
  }
}
