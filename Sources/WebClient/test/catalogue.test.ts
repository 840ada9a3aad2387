// Words: every key in both languages, and the language that a browser asks for.

import assert from 'node:assert/strict'
import test from 'node:test'
import { mirrorStereo } from '../src/media/peerLink'
import { announcedLayers, presets, simulcastEncodings } from '../src/media/publishing'
import { roomFromAddress } from '../src/model/entry'
import { isKey, preferredLanguage, translate } from '../src/strings/catalogue'

test('Turkish unless the browser asks for something else first', () => {
  assert.equal(preferredLanguage(['tr-TR', 'en']), 'tr')
  assert.equal(preferredLanguage(['de', 'tr']), 'en')
  assert.equal(preferredLanguage([]), 'tr')
})

test('a reason of the server is looked up only if there are words for it', () => {
  assert.ok(isKey('ended.ROOM_CLOSED'))
  assert.ok(!isKey('ended.constructor'))
  assert.notEqual(translate('tr', 'join.button'), translate('en', 'join.button'))
})

test('three layers, each twice as wide as the one below', () => {
  assert.deepEqual(announcedLayers(presets.screen, 1920, 1080).map((layer) => layer.width), [480, 960, 1920])
  assert.deepEqual(simulcastEncodings(presets.screen).map((encoding) => encoding.rid), ['q', 'h', 'f'])
})

test('a damaged address is an empty room name', () => {
  assert.equal(roomFromAddress('#%E0%A4%A'), '')
  assert.equal(roomFromAddress('#ekip%20odas%C4%B1'), 'ekip odası')
})

test('stereo is mirrored only where the server marks it', () => {
  const section = (mid: number, fmtp: string): string => `m=audio 9 x 111\r\na=mid:${mid}\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 ${fmtp}\r\n`
  const offer = `v=0\r\n${section(0, 'minptime=10;sprop-stereo=1')}${section(1, 'minptime=10')}`
  const answer = `v=0\r\n${section(0, 'minptime=10')}${section(1, 'minptime=10')}`
  const mirrored = mirrorStereo(offer, answer)
  assert.equal(mirrored.match(/stereo=1/g)?.length, 1)
  assert.ok(mirrored.indexOf('stereo=1') < mirrored.indexOf('a=mid:1'))
})
