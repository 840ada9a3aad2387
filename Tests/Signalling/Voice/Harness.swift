// Voice channels over a real control plane, with members who come in through tokens.

import API
import Access
import AccessTokens
import Chronology
import Identifiers
import JSON
import LiveKitProtocol
import MediaContract
import Problems
import Randomness
import Rooms

@testable import Voice

func id(_ number: Int64) -> Identifier { Identifier(rawValue: number) }

enum Facts {
  static let everyone = id(1)
  static let mods = id(2)
  static let lounge = id(100)
  static let stage = id(101)
  static let small = id(102)
  static let text = id(103)
  static let ann = id(11)
  static let bob = id(12)
  static let eve = id(13)
  static let channels = [lounge, stage, small]
  static let people = [ann, bob, eve]

  static var directory: Directory {
    var directory = Directory()
    directory.everyone = everyone
    directory.roles[everyone] = Role(
      id: everyone, kind: .everyone, name: "Member", position: 0, permissions: .memberDefault)
    directory.channels[lounge] = Channel(id: lounge, kind: .voice, bitrate: 96_000)
    directory.channels[stage] = Channel(
      id: stage, kind: .voice, overrides: [.role(everyone): Override(deny: [.speak, .stream])])
    directory.channels[small] = Channel(id: small, kind: .voice, userLimit: 2)
    directory.channels[text] = Channel(id: text, kind: .text)
    for person in people { directory.members[person] = Member(id: person) }
    return directory
  }
}

/// One process's voice: rooms, channels and the clock.
final class Harness {
  static let key = APIKey(id: "devkey", secret: "a secret of more than thirty-two bytes")

  var control: ControlNode
  var voice: VoiceRooms
  private(set) var moment = Moment(instant: .origin, wall: WallTime(milliseconds: 1_800_000_000_000))
  /// What the gateway would tell, oldest first.
  var told: [(op: String, data: JSONValue, audience: Audience)] = []
  var closed: Set<ConnectionID> = []
  private var opened: [TransportID] = []
  private var lastConnection: UInt64 = 0

  init(_ directory: Directory = Facts.directory) {
    let random = Generator()
    var configuration = ControlConfiguration(
      keys: [Self.key], shards: [ShardDescription(addresses: ["192.0.2.1"], udpPort: 7882, tcpPort: nil)],
      certificateDigest: [UInt8](repeating: 0xAB, count: 32), randomBits: { random.next() }, inflate: { _, _ in nil })
    configuration.screenShareLimit = VoiceRoom.screenShareLimit
    control = ControlNode(configuration, at: moment)
    voice = VoiceRooms(directory, key: Self.key)
  }

  private final class Generator {
    private var random = Random(seed: 7)
    func next() -> UInt64 { random.next() }
  }

  func collect() {
    var effects = control.drainEffects()
    while !effects.isEmpty {
      for effect in effects {
        switch effect {
        case .event(let event): voice.take(event, control: &control, at: moment)
        case .close(let connection, _, _): closed.insert(connection)
        case .command(_, .openTransport(let parameters)): opened.append(parameters.id)
        default: break
        }
      }
      effects = control.drainEffects()
    }
    for event in voice.drainEvents() {
      told.append((event.op, (try? JSONValue(parsing: event.data)) ?? .null, event.audience))
    }
  }

  func advance(_ interval: Interval) {
    let end = moment.instant + interval
    while let due = control.nextDeadline, due <= end {
      set(max(due, moment.instant))
      control.advance(to: moment)
      collect()
    }
    set(end)
  }

  private func set(_ instant: Instant) {
    let passed = instant - moment.instant
    moment = Moment(
      instant: instant, wall: WallTime(milliseconds: moment.wall.milliseconds + passed.milliseconds))
  }

  // MARK: Members

  func token(_ user: Identifier, _ channel: Identifier) throws(Problem) -> JSONValue {
    try voice.token(
      for: user, name: "Name of \(user)", channel: channel, host: "example.org", isSecure: true, control: &control,
      at: moment)
  }

  func admit(_ token: String, query: [(name: String, value: String)] = []) -> Admission {
    let request = SignalUpgradeRequest(
      path: "/rtc", query: [("access_token", token), ("protocol", "17"), ("sdk", "js")] + query)
    return voice.admit(request, control: &control, at: moment)
  }

  /// Comes in with a token, without media.
  func enter(_ token: String) -> ConnectionID? {
    guard case .accept(let ticket) = admit(token) else { return nil }
    lastConnection += 1
    let connection = ConnectionID(rawValue: lastConnection)
    control.opened(connection, ticket, at: moment)
    collect()
    return connection
  }

  /// Comes in as a client does: asks for a token, connects, and has media.
  @discardableResult
  func join(_ user: Identifier, _ channel: Identifier) throws(Problem) -> ConnectionID? {
    opened = []
    guard let connection = enter(try token(user, channel)["token"]?.string ?? "") else { return nil }
    for transport in opened { control.media(.transport(transport, .connected, .udp), shard: 0, at: moment) }
    collect()
    return connection
  }

  func leave(_ connection: ConnectionID) {
    var request = SignalRequest()
    request.message = .leave(LeaveRequest())
    control.received(connection, .binary(request.protobuf), at: moment)
    collect()
  }

  func change(_ body: (inout Directory) -> Void) {
    var directory = voice.directory
    body(&directory)
    directory.version += 1
    voice.change(to: directory, control: &control, at: moment)
    collect()
  }

  func permission(_ user: Identifier, _ channel: Identifier) -> ParticipantPermission? {
    control.permission(of: user.description, in: VoiceRoom.name(channel))
  }

  /// `channel_id` of each member as the gateway's clients know it.
  var known: [Identifier: JSONValue] {
    var result: [Identifier: JSONValue] = [:]
    for (op, data, _) in told where op == "voice_state_update" {
      guard let user = data["user_id"]?.string.flatMap({ Identifier($0) }) else { continue }
      if data["channel_id"]?.isNull == false { result[user] = data } else { result.removeValue(forKey: user) }
    }
    return result
  }
}
