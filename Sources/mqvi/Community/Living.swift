// What only the running process knows: who is connected, which rooms there are, who is in which voice channel.

import API
import Access
import Chronology
import Gateway
import Identifiers
import JSON
import Problems
import Rooms
import Voice

struct Living: ~Copyable {
  var control: ControlNode
  var voice: VoiceRooms
  var gateway: GatewayNode

  /// Answers what a route asks.
  mutating func answer(_ request: LiveRequest, at moment: Moment) -> LiveAnswer {
    if let answer = voice.answer(request, control: &control, at: moment) {
      tellVoices(at: moment)
      return answer
    }
    switch request {
    case .presences(let users): return .json(gateway.presences(of: users))
    case .statistics:
      return .json([
        "connections": .integer(Int64(gateway.connectionCount)), "rooms": .integer(Int64(control.roomCount)),
        "participants": .integer(Int64(control.participantCount)),
      ])
    default: return .refused(.internal)
    }
  }

  /// New facts after a commit, and what it told.
  mutating func take(_ committed: Committed, at moment: Moment) {
    gateway.publish(committed.events, commit: committed.number, directory: committed.directory, at: moment)
    if let directory = committed.directory {
      voice.change(to: directory, control: &control, at: moment)
      tellVoices(at: moment)
    }
  }

  /// The same facts at a later time: what a timeout had taken is given back.
  mutating func reconsider(_ directory: Directory, at moment: Moment) {
    voice.change(to: directory, control: &control, at: moment)
    tellVoices(at: moment)
  }

  /// What happened in a media room.
  mutating func take(_ event: RoomEvent, at moment: Moment) {
    voice.take(event, control: &control, at: moment)
    tellVoices(at: moment)
  }

  /// What a member says of its own microphone and ears.
  mutating func declare(_ user: Identifier, muted: Bool?, deafened: Bool?, at moment: Moment) {
    voice.declare(user, muted: muted, deafened: deafened, control: &control, at: moment)
    tellVoices(at: moment)
  }

  /// Everybody in voice, for who becomes ready.
  var voiceViews: [VoiceStateView] { voice.voices.map { VoiceStateView(channel: $0.channel, json: $0.json) } }

  private mutating func tellVoices(at moment: Moment) {
    let events = voice.drainEvents()
    if !events.isEmpty { gateway.publishLive(events, at: moment) }
  }
}
