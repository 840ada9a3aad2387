// Who speaks (§6.6). The media plane measures; here the changes go to those who hear the speaker, and to the speaker.

import Chronology
import LiveKitProtocol
import MediaContract

extension ControlNode {
  /// Changes of one window, all from one shard.
  mutating func speakersChanged(_ levels: [SpeakerLevel]) {
    var changed: [UInt64: (room: Room, speakers: [(Participant, SpeakerInfo)])] = [:]
    for level in levels {
      guard let track = publications[level.publication], track.info.source == .microphone else { continue }
      let participant = track.publisher
      guard participant.simulatedSpeech == nil else { continue }
      let room = participant.room
      room.speaking[participant.key] = level.isActive ? level.level : nil
      changed[room.key, default: (room, [])].speakers.append((participant, speakerInfo(participant)))
    }
    for key in changed.keys.sorted() {
      if let entry = changed[key] { tell(entry.speakers, in: entry.room) }
    }
  }

  mutating func setSpeaking(_ participant: Participant, level: Float?) {
    participant.room.speaking[participant.key] = level
    tell([(participant, speakerInfo(participant))], in: participant.room)
  }

  private mutating func tell(_ speakers: [(Participant, SpeakerInfo)], in room: Room) {
    for receiver in room.participants {
      let heard = speakers.filter { hears(receiver, $0.0) }.map(\.1)
      if !heard.isEmpty { send(.speakersChanged(message(heard)), to: receiver) }
    }
  }

  private func hears(_ receiver: Participant, _ speaker: Participant) -> Bool {
    if receiver === speaker { return true }
    guard !speaker.isHidden else { return false }
    return speaker.tracks.contains { $0.subscriptions[receiver.key] != nil }
  }

  private func speakerInfo(_ participant: Participant) -> SpeakerInfo {
    var info = SpeakerInfo()
    info.sid = participant.sid
    info.level = participant.room.speaking[participant.key] ?? 0
    info.active = participant.room.speaking[participant.key] != nil
    return info
  }

  private func message(_ speakers: [SpeakerInfo]) -> SpeakersChanged {
    var message = SpeakersChanged()
    message.speakers = speakers
    return message
  }

  // MARK: Catching up

  /// The state of one speaker for somebody who just began to hear it.
  mutating func tellSpeaker(_ speaker: Participant, to receiver: Participant) {
    guard speaker.room.speaking[speaker.key] != nil, hears(receiver, speaker) else { return }
    send(.speakersChanged(message([speakerInfo(speaker)])), to: receiver)
  }

  /// Everybody who speaks now and can be heard by the receiver.
  mutating func tellSpeakers(to receiver: Participant) {
    let speakers = receiver.room.participants.filter {
      receiver.room.speaking[$0.key] != nil && hears(receiver, $0)
    }
    if !speakers.isEmpty { send(.speakersChanged(message(speakers.map { speakerInfo($0) })), to: receiver) }
  }

  /// The receiver no longer hears the speaker, who therefore is silent to it.
  mutating func forgetSpeaker(_ speaker: Participant, for receiver: Participant) {
    guard speaker.room.speaking[speaker.key] != nil, !speaker.isClosed else { return }
    var info = SpeakerInfo()
    info.sid = speaker.sid
    send(.speakersChanged(message([info])), to: receiver)
  }
}
