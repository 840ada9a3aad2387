// The control plane of the SFU: connections, messages and media events in; frames and media commands out.
//
// Single-threaded and without side effects: it reads no clock, opens no socket, and everything it wants done is an
// `Effect`. Rooms, participants and tracks are objects with an identity that refer to each other; only this value refers
// to them from outside, and the references are taken apart when a participant leaves. Decision: plain references here and
// not on the packet path, because what happens a few times a second should read like the protocol that it follows.

import Chronology
import LiveKitProtocol
import MediaContract

/// Rooms of one process. Drive it from one thread: give it every input with the time, then carry out `drainEffects()`,
/// and call `advance(to:)` no later than `nextDeadline`.
public struct ControlNode: ~Copyable {
  let configuration: ControlConfiguration
  let codecs: [LiveKitProtocol.Codec]
  var random: InjectedRandom

  var rooms: [String: Room] = [:]
  var roomsByKey: [UInt64: Room] = [:]
  var participants: [UInt64: Participant] = [:]
  var connections: [ConnectionID: Participant] = [:]
  var transports: [TransportID: Participant] = [:]
  var publications: [PublicationID: PublishedTrack] = [:]
  var subscriptions: [SubscriptionID: Subscription] = [:]
  var calls: [String: PendingCall] = [:]
  var timers = TimerQueue()
  var effects: [Effect] = []
  /// The time of the input at hand.
  var now: Moment
  private var counter: UInt64 = 0

  public init(_ configuration: ControlConfiguration, at moment: Moment) {
    self.configuration = configuration
    codecs = configuration.publishCodecs
    random = InjectedRandom(bits: configuration.randomBits)
    now = moment
  }

  /// What is to be done, oldest first; they are handed over once.
  public mutating func drainEffects() -> [Effect] {
    let result = effects
    effects = []
    return result
  }

  /// When `advance(to:)` has something to do; nil = only after another input.
  public var nextDeadline: Instant? { timers.nextDeadline }

  /// Participants with a session now, hidden ones included.
  public var participantCount: Int { participants.count }

  /// Rooms that exist now.
  public var roomCount: Int { rooms.count }

  var timings: RoomTimings { configuration.timings }

  /// A number that was never used before.
  mutating func unique() -> UInt64 {
    counter += 1
    return counter
  }

  /// A wire identifier: the prefix and 12 letters and digits.
  mutating func sid(_ prefix: String) -> String { prefix + random.text(12) }

  mutating func command(_ command: MediaCommand, in room: Room) {
    effects.append(.command(shard: room.shard, command))
  }

  mutating func schedule(_ kind: TimerKind, after interval: Interval) {
    timers.schedule(kind, at: now.instant + interval)
  }
}

// MARK: - Sending

/// A message for many: encoded at most once in each form, and the bytes shared.
struct SharedFrame {
  let message: SignalResponse.Message
  private var binary: [UInt8]?
  private var text: [UInt8]?

  init(_ message: SignalResponse.Message) { self.message = message }

  mutating func frame(asText: Bool) -> SignalFrame {
    if asText {
      let bytes = text ?? FrameCoding.text(message)
      text = bytes
      return .text(bytes)
    }
    let bytes = binary ?? FrameCoding.binary(message)
    binary = bytes
    return .binary(bytes)
  }
}

extension ControlNode {
  /// Sends to the participant's connection; nothing where it has none at the moment.
  mutating func send(_ message: SignalResponse.Message, to participant: Participant) {
    var frame = SharedFrame(message)
    send(&frame, to: participant)
  }

  mutating func send(_ frame: inout SharedFrame, to participant: Participant) {
    guard let connection = participant.connection else { return }
    effects.append(.send(connection, frame.frame(asText: participant.prefersText)))
  }

  mutating func broadcast(_ message: SignalResponse.Message, to participants: [Participant]) {
    var frame = SharedFrame(message)
    for participant in participants { send(&frame, to: participant) }
  }

  /// Gives the connection up; the session may go on without it.
  mutating func dropConnection(of participant: Participant, code: UInt16 = 1000, reason: String = "") {
    guard let connection = participant.connection else { return }
    participant.connection = nil
    connections[connection] = nil
    effects.append(.close(connection, code: code, reason: reason))
  }
}
