// Rooms come and go: created by the first join or by the API, ended when nobody is there for long enough (§6.2).

import AccessTokens
import Chronology
import LiveKitProtocol
import MediaContract

extension ControlNode {
  /// A new room on the shard that has the fewest participants. `configuration` comes from the creator's token.
  mutating func createRoom(named name: String, _ settings: RoomConfiguration?) -> Room {
    let room = Room(
      key: unique(), name: name, sid: sid("RM_"), shard: leastLoadedShard, sifTrailer: random.bytes(16),
      emptyTimeout: timings.emptyTimeout, departureTimeout: timings.departureTimeout, maximumParticipants: 0, at: now)
    if let settings {
      if settings.emptyTimeout > 0 { room.emptyTimeout = settings.emptyTimeout }
      if settings.departureTimeout > 0 { room.departureTimeout = settings.departureTimeout }
      if settings.maxParticipants > 0 { room.maximumParticipants = settings.maxParticipants }
      room.synchronisesStreams = settings.syncStreams
      if settings.metadata.utf8.count <= RoomLimit.metadata { room.metadata = settings.metadata }
    }
    rooms[name] = room
    roomsByKey[room.key] = room
    effects.append(.event(.roomStarted(room.info(codecs: codecs))))
    scheduleLifetime(of: room)
    return room
  }

  /// Participants weigh; among equals the lowest number, so that tests and operators can foretell it.
  private var leastLoadedShard: Int {
    var load = [Int](repeating: 0, count: max(1, configuration.shards.count))
    for room in rooms.values { load[room.shard] += 1 + room.participants.count }
    return load.indices.min { (load[$0], $0) < (load[$1], $1) } ?? 0
  }

  /// Ends a room: whoever is left is told why.
  mutating func close(_ room: Room, reason: DisconnectReason) {
    guard !room.isClosed else { return }
    room.isClosed = true
    for participant in room.participants { close(participant, reason: reason) }
    if rooms[room.name] === room { rooms[room.name] = nil }
    roomsByKey[room.key] = nil
    effects.append(.event(.roomFinished(room.info(codecs: codecs))))
  }

  /// Looks again when the room may end.
  mutating func scheduleLifetime(of room: Room) {
    guard !room.isClosed, let expiry = room.expiry else { return }
    timers.schedule(.roomLifetime(room: room.key), at: expiry)
  }

  mutating func endIfExpired(room key: UInt64) {
    guard let room = roomsByKey[key], let expiry = room.expiry, expiry <= now.instant else { return }
    close(room, reason: .roomClosed)
  }

  // MARK: Counters

  /// Participant counts may be told late; recording may not.
  mutating func scheduleCounters(of room: Room) {
    let counters = room.counters
    guard !room.isClosed, counters != room.announced else { return }
    if counters.recording != room.announced.recording {
      announce(room)
    } else if !room.countersAreScheduled {
      room.countersAreScheduled = true
      schedule(.roomCounters(room: room.key), after: timings.roomCounters)
    }
  }

  mutating func announceCounters(room key: UInt64) {
    guard let room = roomsByKey[key] else { return }
    room.countersAreScheduled = false
    if room.counters != room.announced { announce(room) }
  }

  /// Sends the room's state to everybody in it.
  mutating func announce(_ room: Room) {
    room.announced = room.counters
    room.touch(at: now)
    var update = RoomUpdate()
    update.room = room.info(codecs: codecs)
    broadcast(.roomUpdate(update), to: room.participants)
  }
}
