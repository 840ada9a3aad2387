// The room as a value: what each frame of the server changes, and what it must not change.

import assert from 'node:assert/strict'
import test from 'node:test'
import { apply, joined, orderedParticipants, type RoomState } from '../src/model/roomState'
import type { JoinResponse } from '../src/model/signal'

const join: JoinResponse = {
  room: { name: 'team' },
  participant: { sid: 'PA_me', identity: 'me', name: 'Me', joinedAtMs: '5' },
  otherParticipants: [{ sid: 'PA_b', identity: 'b', joinedAtMs: '2', version: 3, tracks: [{ sid: 'TR_1', source: 'MICROPHONE' }] }],
  pingInterval: 5,
  pingTimeout: 15,
}

function room(): RoomState {
  return joined(join)
}

test('joining shows oneself first and the others by arrival', () => {
  const state = apply(room(), { update: { participants: [{ sid: 'PA_c', identity: 'c', joinedAtMs: '1' }] } })
  assert.deepEqual(orderedParticipants(state).map((person) => person.sid), ['PA_me', 'PA_c', 'PA_b'])
})

test('an older version of a participant never overwrites a newer one', () => {
  const state = apply(room(), { update: { participants: [{ sid: 'PA_b', identity: 'b', name: 'old', version: 2 }] } })
  assert.equal(state.participants['PA_b']?.tracks.length, 1)
})

test('a participant who left is gone', () => {
  const state = apply(room(), { update: { participants: [{ sid: 'PA_b', identity: 'b', state: 'DISCONNECTED', version: 4 }] } })
  assert.equal(state.participants['PA_b'], undefined)
})

test('a new session of the same identity replaces the old one', () => {
  const state = apply(room(), { update: { participants: [{ sid: 'PA_new', identity: 'b', version: 1 }] } })
  assert.equal(state.participants['PA_b'], undefined)
  assert.equal(state.participants['PA_new']?.identity, 'b')
})

test('speakers light up and fall silent', () => {
  const loud = apply(room(), { speakersChanged: { speakers: [{ sid: 'PA_b', level: 0.5, active: true }] } })
  assert.equal(loud.participants['PA_b']?.audioLevel, 0.5)
  const silent = apply(loud, { speakersChanged: { speakers: [{ sid: 'PA_b', active: false }] } })
  assert.equal(silent.participants['PA_b']?.audioLevel, 0)
})

test('levels of strangers change nothing', () => {
  const before = room()
  assert.equal(apply(before, { speakersChanged: { speakers: [{ sid: 'PA_x', level: 1, active: true }] } }), before)
})

test('a quality without a name is POOR, the default value of the wire', () => {
  const state = apply(room(), { connectionQuality: { updates: [{ participantSid: 'PA_b' }] } })
  assert.equal(state.participants['PA_b']?.quality, 'POOR')
})

test('own tracks follow publish, mute and unpublish', () => {
  let state = apply(room(), { trackPublished: { cid: 'x', track: { sid: 'TR_9', source: 'CAMERA' } } })
  assert.equal(state.participants['PA_me']?.tracks.length, 1)
  state = apply(state, { mute: { sid: 'TR_9', muted: true } })
  assert.equal(state.participants['PA_me']?.tracks[0]?.muted, true)
  state = apply(state, { trackUnpublished: { trackSid: 'TR_9' } })
  assert.equal(state.participants['PA_me']?.tracks.length, 0)
})

test('paused streams are remembered until they flow again', () => {
  const streams = [{ participantSid: 'PA_b', trackSid: 'TR_2', state: 'PAUSED' as const }]
  const paused = apply(room(), { streamStateUpdate: { streamStates: streams } })
  assert.ok(paused.pausedTracks['TR_2'])
  const active = apply(paused, { streamStateUpdate: { streamStates: [{ participantSid: 'PA_b', trackSid: 'TR_2' }] } })
  assert.equal(active.pausedTracks['TR_2'], undefined)
})
