// What the room looks like, as a value: who is here, what they send, who speaks. Pure functions from one state to the
// next; the view renders it and the media session feeds it.

import type { ConnectionQuality, JoinResponse, ParticipantInfo, SignalResponse, TrackInfo } from './signal'

export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'ended'

export interface Participant {
  sid: string
  identity: string
  name: string
  isLocal: boolean
  joinedAt: number
  version: number
  tracks: TrackInfo[]
  /** 0…1; above 0 while speaking. */
  audioLevel: number
  quality: ConnectionQuality
}

export interface RoomState {
  connection: ConnectionState
  /** Why the session ended or could not start: a key of the string catalogue. */
  endReason: string | null
  roomName: string
  localSid: string
  participants: Record<string, Participant>
  /** Streams that the server paused because the line is too thin, by track sid. */
  pausedTracks: Record<string, true>
}

export const emptyRoom: RoomState = {
  connection: 'idle',
  endReason: null,
  roomName: '',
  localSid: '',
  participants: {},
  pausedTracks: {},
}

function participantFrom(info: ParticipantInfo, isLocal: boolean, before: Participant | undefined): Participant {
  return {
    sid: info.sid,
    identity: info.identity,
    name: info.name || info.identity,
    isLocal,
    joinedAt: Number(info.joinedAtMs ?? before?.joinedAt ?? 0),
    version: info.version ?? 0,
    tracks: info.tracks ?? [],
    audioLevel: before?.audioLevel ?? 0,
    quality: before?.quality ?? 'EXCELLENT',
  }
}

export function joined(join: JoinResponse): RoomState {
  const participants: Record<string, Participant> = {}
  participants[join.participant.sid] = participantFrom(join.participant, true, undefined)
  for (const info of join.otherParticipants ?? []) participants[info.sid] = participantFrom(info, false, undefined)
  return { ...emptyRoom, connection: 'connecting', roomName: join.room.name, localSid: join.participant.sid, participants }
}

/** Updates may arrive out of order: an older version of the same session never overwrites a newer one. */
function updateParticipants(state: RoomState, infos: ParticipantInfo[]): RoomState {
  const participants = { ...state.participants }
  for (const info of infos) {
    const before = participants[info.sid]
    if (info.state === 'DISCONNECTED') {
      if (info.sid !== state.localSid) delete participants[info.sid]
      continue
    }
    if (before && before.version > (info.version ?? 0)) continue
    // One live session per identity: a newcomer with a known identity replaces the old session.
    for (const other of Object.values(participants)) {
      if (other.identity === info.identity && other.sid !== info.sid && !other.isLocal) delete participants[other.sid]
    }
    participants[info.sid] = participantFrom(info, info.sid === state.localSid, before)
  }
  return { ...state, participants }
}

function patch(state: RoomState, sid: string, change: Partial<Participant>): RoomState {
  const before = state.participants[sid]
  if (!before) return state
  return { ...state, participants: { ...state.participants, [sid]: { ...before, ...change } } }
}

/** The state after a frame of the server. Frames that say nothing about the room leave it as it is. */
export function apply(state: RoomState, frame: SignalResponse): RoomState {
  if (frame.join) return joined(frame.join)
  if (frame.update) return updateParticipants(state, frame.update.participants ?? [])
  if (frame.speakersChanged) {
    return (frame.speakersChanged.speakers ?? []).reduce(
      (next, speaker) => patch(next, speaker.sid, { audioLevel: speaker.active ? speaker.level ?? 0 : 0 }), state)
  }
  if (frame.connectionQuality) {
    return (frame.connectionQuality.updates ?? []).reduce(
      (next, update) => patch(next, update.participantSid, { quality: update.quality ?? 'POOR' }), state)
  }
  if (frame.streamStateUpdate) {
    const pausedTracks = { ...state.pausedTracks }
    for (const stream of frame.streamStateUpdate.streamStates ?? []) {
      if (stream.state === 'PAUSED') pausedTracks[stream.trackSid] = true
      else delete pausedTracks[stream.trackSid]
    }
    return { ...state, pausedTracks }
  }
  if (frame.trackPublished) {
    const local = state.participants[state.localSid]
    if (!local) return state
    const track = frame.trackPublished.track
    return patch(state, local.sid, { tracks: [...local.tracks.filter((t) => t.sid !== track.sid), track] })
  }
  if (frame.trackUnpublished) {
    const sid = frame.trackUnpublished.trackSid
    const local = state.participants[state.localSid]
    return local ? patch(state, local.sid, { tracks: local.tracks.filter((t) => t.sid !== sid) }) : state
  }
  if (frame.mute) {
    const { sid, muted } = frame.mute
    const local = state.participants[state.localSid]
    if (!local) return state
    return patch(state, local.sid, { tracks: local.tracks.map((t) => (t.sid === sid ? { ...t, muted: !!muted } : t)) })
  }
  if (frame.roomUpdate?.room) return { ...state, roomName: frame.roomUpdate.room.name }
  return state
}

/** Everybody, oneself first, then in order of arrival. */
export function orderedParticipants(state: RoomState): Participant[] {
  return Object.values(state.participants).sort(
    (a, b) => Number(b.isLocal) - Number(a.isLocal) || a.joinedAt - b.joinedAt || a.identity.localeCompare(b.identity))
}

/** The track of this source, if the participant has one. */
export function trackOf(participant: Participant, source: TrackInfo['source']): TrackInfo | undefined {
  return participant.tracks.find((track) => (track.source ?? 'UNKNOWN') === source)
}
