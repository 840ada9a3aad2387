// Who is told about changes of a participant, and when: publishers and explicit changes at once, the arrival of mere
// watchers in batches (§6.1).

import Chronology
import LiveKitProtocol

/// A participant that left: told again to those who resume and may have missed it.
struct Departure {
  var at: Instant
  var info: ParticipantInfo
}

/// What may be said about one participant to all others: a token bucket of bytes.
struct UpdateBudget {
  private var bytes = RoomLimit.updateBurst
  private var refilled: Instant?

  /// Takes what an update of that many bytes costs. False when it has to wait.
  mutating func take(_ cost: Int, at now: Instant) -> Bool {
    let elapsed = refilled.map { min(now - $0, .seconds(60)) } ?? .zero
    refilled = now
    bytes = min(RoomLimit.updateBurst, bytes + Int(elapsed.microseconds) * RoomLimit.updateRate / 1_000_000)
    guard bytes >= cost else { return false }
    bytes -= cost
    return true
  }
}

extension Participant {
  /// About how many bytes an update about the participant has.
  fileprivate var updateBytes: Int {
    256 + name.utf8.count + metadata.utf8.count + attributes.byteCount + 256 * tracks.count
  }
}

extension ControlNode {
  /// A new version of the participant for everybody who may see it.
  ///
  /// - Parameters:
  ///   - isUrgent: not to be batched, although the participant publishes nothing.
  ///   - includesSelf: the participant hears it too; so it does of everything but its state.
  mutating func announceChange(of participant: Participant, isUrgent: Bool, includesSelf: Bool = false) {
    guard !participant.isClosed else { return }
    let room = participant.room
    participant.version += 1
    if !isUrgent, !participant.isPublisher, !includesSelf {
      batch(participant)
      return
    }
    guard participant.updates.take(participant.updateBytes, at: now.instant) else {
      batch(participant)
      if includesSelf { send(.update(update([participant.info])), to: participant) }
      return
    }
    room.batched.remove(participant.key)
    var receivers = participant.isHidden ? [] : room.participants.filter { $0 !== participant }
    if includesSelf { receivers.append(participant) }
    broadcast(.update(update([participant.info])), to: receivers)
  }

  private mutating func batch(_ participant: Participant) {
    guard !participant.isHidden else { return }
    let room = participant.room
    if room.batched.isEmpty { schedule(.participantUpdates(room: room.key), after: timings.subscriberUpdates) }
    room.batched.insert(participant.key)
  }

  /// The batch of a room is due. Receivers that are in it themselves get it without themselves.
  mutating func announceBatch(room key: UInt64) {
    guard let room = roomsByKey[key], !room.batched.isEmpty else { return }
    let changed = room.participants.filter { room.batched.contains($0.key) }
    room.batched = []
    for part in split(changed.map(\.info)) {
      let sids = Set(part.map(\.sid))
      var frame = SharedFrame(.update(update(part)))
      for receiver in room.participants {
        if sids.contains(receiver.sid) {
          let rest = part.filter { $0.sid != receiver.sid }
          if !rest.isEmpty { send(.update(update(rest)), to: receiver) }
        } else {
          send(&frame, to: receiver)
        }
      }
    }
  }

  /// The others learn that a participant left. Those who know sessions by identity hear nothing of a replaced one: the
  /// new session under the same identity tells them.
  mutating func announceDeparture(of participant: Participant, reason: DisconnectReason) {
    guard !participant.isHidden else { return }
    let room = participant.room
    var info = participant.info
    info.disconnectReason = reason
    room.remember(departure: Departure(at: now.instant, info: info))
    let receivers = room.participants.filter { reason != .duplicateIdentity || $0.protocolVersion < 12 }
    broadcast(.update(update([info])), to: receivers)
  }

  /// Everything that a resuming client may have missed: who left, who is here (itself included), and the room.
  mutating func sendFullState(to participant: Participant) {
    let room = participant.room
    if participant.protocolVersion >= 9 {
      let missed = room.departures.filter { $0.at >= participant.lastSignal }.map(\.info)
      for part in split(missed) { send(.update(update(part)), to: participant) }
    }
    let present = room.participants.filter { !$0.isHidden || $0 === participant }
    for part in split(present.map(\.info)) { send(.update(update(part)), to: participant) }
    var roomUpdate = RoomUpdate()
    roomUpdate.room = room.info(codecs: codecs)
    send(.roomUpdate(roomUpdate), to: participant)
  }

  private func update(_ participants: [ParticipantInfo]) -> ParticipantUpdate {
    var update = ParticipantUpdate()
    update.participants = participants
    return update
  }

  /// Parts of at most `RoomLimit.updateBatch` bytes, if their members allow it.
  private func split(_ infos: [ParticipantInfo]) -> [[ParticipantInfo]] {
    var parts: [[ParticipantInfo]] = []
    var part: [ParticipantInfo] = []
    var size = 0
    for info in infos {
      let bytes = infos.count == 1 ? 0 : info.protobuf.count
      if size + bytes > RoomLimit.updateBatch, !part.isEmpty {
        parts.append(part)
        part = []
        size = 0
      }
      part.append(info)
      size += bytes
    }
    if !part.isEmpty { parts.append(part) }
    return parts
  }
}
