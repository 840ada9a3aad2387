// What the chat's model does: mentions both ways, emojis by name, uploads, search filters, notices, changes of messages.

import test from 'node:test'
import assert from 'node:assert/strict'
import { decodeMentions, encodeMentions } from '../src/model/community/mentions'
import { isNotable, mentionCount, noticeOf, placeIn } from '../src/model/community/notices'
import { fromReady, permissionsIn, reduce, type CommunityState } from '../src/model/community/state'
import * as timeline from '../src/model/community/timeline'
import { allPermissions, Permission, type Attachment, type Channel, type Message, type Ready, type User } from '../src/model/community/types'
import { LARGEST, MOST, Uploads } from '../src/model/community/uploads'
import { emojiGroups, emojis, findEmojis, folded, withEmojis } from '../src/model/emoji'
import { quoted, typedFilter } from '../src/model/search'

const id = (n: number): string => n.toString(16).padStart(16, '0')
const user = (n: number, username: string): User => ({
  id: id(n), username, display_name: null, avatar_url: null, bot: false, status: 'online', custom_status: null, created_at: '', last_seen_at: null,
  roles: [], timed_out_until: null,
})
const role = (n: number, name: string) => ({ id: id(n), name, color: '#99AAB5', position: n, permissions: 0, hoist: false, mentionable: true, is_default: false, is_owner: false })
const channel = (n: number, name: string, type: 'text' | 'dm' = 'text') => ({
  id: id(n), name, type, category_id: null, topic: null, position: 0, user_limit: 0, bitrate: 0, slow_mode: 0, last_message_id: null, overrides: [],
})
const state: CommunityState = fromReady({
  session_id: '', heartbeat_interval: 1, user: user(1, 'ayse'), server: { id: '', name: '', icon_url: null, created_at: '' }, categories: [],
  channels: [channel(20, 'genel'), channel(21, 'genel-sohbet'), channel(22, '', 'dm')], members: [user(1, 'ayse'), user(2, 'mehmet'), user(3, 'mehmet2')],
  roles: [role(30, 'Takım Kaptanı')], voice_states: [], presences: [{ user_id: id(1), status: 'online' }], member_count: 3,
} as Ready)
const message = (n: number, by: number, more: Partial<Message> = {}): Message => ({
  id: id(n), channel_id: id(20), user_id: id(by), author: user(by, 'x'), content: 'selam', edited_at: null, created_at: '', reply_to: null, attachments: [],
  reactions: [], mentions: { users: [], roles: [], everyone: false }, pinned: false, type: 'default', ...more,
})

test('names become ids when a message is sent, the longest name first', () => {
  assert.equal(encodeMentions('@mehmet2 ve @mehmet, #genel-sohbet #genel @yok', state), `<@${id(3)}> ve <@${id(2)}>, <#${id(21)}> <#${id(20)}> @yok`)
  assert.equal(encodeMentions('@Takım Kaptanı gel', state), `<@&${id(30)}> gel`)
  assert.equal(encodeMentions('posta@mehmet ve @mehmetcik', state), 'posta@mehmet ve @mehmetcik')
})

test('code keeps what it says, names and emojis too', () => {
  assert.equal(encodeMentions('`@mehmet :fire:` :fire:', state), '`@mehmet :fire:` 🔥')
  assert.equal(encodeMentions('```\n@mehmet\n``` @mehmet', state), `\`\`\`\n@mehmet\n\`\`\` <@${id(2)}>`)
})

test('what was sent can be edited as it was typed', () => {
  for (const text of ['@mehmet bak: #genel', '@Takım Kaptanı', '`@mehmet`', 'yalnız metin']) assert.equal(decodeMentions(encodeMentions(text, state), state), text)
  assert.equal(decodeMentions(`<@${id(99)}>`, state), `<@${id(99)}>`)
})

test('emojis are found in both languages and without Turkish letters', () => {
  for (const [query, emoji] of [['kalp', '❤️'], ['fire', '🔥'], ['ates', '🔥'], ['çay', '🍵'], ['cay', '🍵'], ['xqz', null], ['agla', '😢']] as const) {
    const found = findEmojis(query, 8).map((entry) => entry.emoji)
    assert.equal(emoji === null ? found.length === 0 : found.includes(emoji), true, query)
  }
  assert.equal(withEmojis(':tada: :kutlama: :yok: 10:30:45'), '🎉 🎉 :yok: 10:30:45')
  assert.equal(folded('IĞDIR Çiğ'), 'igdir cig')
})

test('no emoji stands in the picker twice, and each has a name in both languages', () => {
  const all = emojiGroups.flatMap((group) => emojis[group])
  assert.equal(new Set(all.map((entry) => entry.emoji)).size, all.length)
  for (const entry of all) assert.ok(entry.names.length >= 2 && entry.names.every((name) => /^[\p{L}\d_+-]+$/u.test(name)), JSON.stringify(entry))
})

const file = (name: string, size = 10) => ({ name, size, type: 'text/plain' })
const attachment = (name: string): Attachment => ({ id: name, filename: name, url: '', size: 1, mime_type: '', width: null, height: null, thumbnail_url: null })

test('uploads report how far they are, and are taken once they have arrived', async () => {
  let progress: (part: number) => void = () => undefined
  let finish: (attachment: Attachment) => void = () => undefined
  const uploads = new Uploads((_, onProgress) => {
    progress = onProgress
    return { done: new Promise((resolve) => { finish = resolve }), cancel: () => undefined }
  }, () => 'NETWORK')
  uploads.add([file('a')])
  progress(0.5)
  assert.equal(uploads.state.get()[0]?.progress, 0.5)
  assert.ok(uploads.isBusy)
  assert.deepEqual(uploads.take(), [])
  finish(attachment('a'))
  await new Promise((resolve) => setTimeout(resolve))
  assert.ok(!uploads.isBusy)
  assert.deepEqual(uploads.take().map((taken) => taken.id), ['a'])
  assert.deepEqual(uploads.state.get(), [])
})

test('what is too large or empty is not sent at all, and only as many files go as a message holds', () => {
  let begun = 0
  const uploads = new Uploads(() => { begun += 1; return { done: new Promise<Attachment>(() => undefined), cancel: () => undefined } }, () => 'x')
  uploads.add([file('big', LARGEST + 1), file('none', 0)])
  assert.deepEqual(uploads.state.get().map((upload) => upload.failure), ['tooLarge', 'empty'])
  assert.equal(begun, 0)
  assert.equal(uploads.add(Array.from({ length: MOST }, (_, index) => file(String(index)))), 2)
  assert.equal(uploads.state.get().length, MOST)
})

test('an upload that is left out is cancelled; one that failed can be tried again', async () => {
  let cancelled = 0
  let attempts = 0
  const uploads = new Uploads(() => {
    attempts += 1
    return { done: attempts === 1 ? Promise.reject(new Error('x')) : new Promise<Attachment>(() => undefined), cancel: () => { cancelled += 1 } }
  }, () => 'NETWORK')
  uploads.add([file('a')])
  await new Promise((resolve) => setTimeout(resolve))
  const key = uploads.state.get()[0]!.key
  assert.equal(uploads.state.get()[0]?.failure, 'NETWORK')
  uploads.retry(key)
  assert.equal(attempts, 2)
  assert.ok(uploads.isBusy)
  uploads.remove(key)
  assert.equal(cancelled, 1)
  assert.deepEqual(uploads.state.get(), [])
})

test('the search knows which filter is being typed', () => {
  assert.deepEqual(typedFilter('selam from:me'), { filter: 'from', value: 'me', start: 6 })
  assert.deepEqual(typedFilter('selam fr'), { filter: null, value: 'fr', start: 6 })
  assert.deepEqual(typedFilter('x:y'), { filter: null, value: 'x:y', start: 0 })
  assert.equal(quoted('iki söz'), '"iki söz"')
})

test('one hears of mentions and direct messages, not of oneself, what one sees, or when not to be disturbed', () => {
  const mention = { mentions: { users: [id(1)], roles: [], everyone: false } }
  assert.ok(isNotable(state, message(5, 2, mention), null))
  assert.ok(isNotable(state, message(5, 2, { channel_id: id(22) }), null))
  assert.ok(!isNotable(state, message(5, 2), null))
  assert.ok(!isNotable(state, message(5, 1, mention), null))
  assert.ok(!isNotable(state, message(5, 2, mention), id(20)))
  const busy = reduce(state, 'presence_update', { user_id: id(1), status: 'dnd' }, 0)
  assert.ok(!isNotable(busy, message(5, 2, mention), null))
})

test('a notice names who and where, with names instead of ids and without hidden text', () => {
  const notice = noticeOf(state, message(5, 2, { content: `**selam** <@${id(1)}> ||gizli||` }))
  assert.deepEqual(notice, { title: 'mehmet (#genel)', body: 'selam @ayse ▒▒▒' })
})

test('the number in the title counts mentions of channels that one sees', () => {
  const counted = reduce(reduce(state, 'read_state_update', { channel_id: id(20), last_read_message_id: null, mention_count: 2 }, 0),
    'read_state_update', { channel_id: id(99), last_read_message_id: null, mention_count: 5 }, 0)
  assert.equal(mentionCount(counted), 2)
})

test('a link to a message is read, anything else is not', () => {
  assert.deepEqual(placeIn(`#/channels/${id(1)}/${id(2)}`), { channel: id(1), message: id(2) })
  assert.deepEqual(placeIn(`#/channels/${id(1)}`), { channel: id(1), message: null })
  for (const hash of ['#/channels/../x', '#room', `#/channels/${id(1)}/x`]) assert.equal(placeIn(hash), null)
})

test('pins and cleared reactions reach the message', () => {
  const line = { ...timeline.emptyTimeline, messages: [message(5, 2, { reactions: [{ emoji: '👍', count: 3, me: true }, { emoji: '🔥', count: 1, me: false }] })] }
  assert.equal(timeline.pinned(line, id(5), true).messages[0]?.pinned, true)
  assert.deepEqual(timeline.unreacted(line, id(5), '👍').messages[0]?.reactions.map((reaction) => reaction.emoji), ['🔥'])
})

const everyone = { ...role(40, 'Member'), is_default: true, permissions: 1504 }
const withRoles = (mine: string[]): CommunityState => ({ ...state, me: { ...state.me, roles: mine }, roles: { [everyone.id]: everyone, [id(30)]: role(30, 'Ekip') } })

test('a channel that is new for everybody is open to us as its overrides say', () => {
  const created = channel(50, 'yeni')
  assert.equal(reduce(withRoles([]), 'channel_create', { channel: created }, 0).channels[id(50)]?.permissions, 1504)
  const closed = { ...created, overrides: [{ target_type: 'role' as const, target_id: everyone.id, allow: 0, deny: Permission.sendMessages }] }
  assert.equal(permissionsIn(withRoles([]), closed as Channel, 0) & Permission.sendMessages, 0)
  const opened = { ...closed, overrides: [...closed.overrides, { target_type: 'role' as const, target_id: id(30), allow: Permission.sendMessages, deny: 0 }] }
  assert.notEqual(permissionsIn(withRoles([id(30)]), opened as Channel, 0) & Permission.sendMessages, 0)
  const hidden = { ...created, overrides: [{ target_type: 'member' as const, target_id: id(1), allow: 0, deny: Permission.viewChannel }] }
  assert.equal(permissionsIn(withRoles([]), hidden as Channel, 0), 0)
})

test('a role that changes, changes what we may do; a timeout leaves looking', () => {
  const before = { ...withRoles([id(30)]), channels: { [id(50)]: channel(50, 'yeni') as Channel } }
  const after = reduce(before, 'role_update', { role: { ...role(30, 'Ekip'), permissions: Permission.admin } }, 0)
  assert.equal(after.channels[id(50)]?.permissions, allPermissions)
  const quiet = { ...withRoles([]), me: { ...state.me, timed_out_until: '2030-01-01T00:00:00Z' } }
  assert.equal(permissionsIn(quiet, channel(50, 'yeni') as Channel, 0), Permission.viewChannel)
})

test('a channel that was left keeps what is around one\'s place, and knows that there is more', () => {
  const full = { ...timeline.emptyTimeline, hasOlder: false, messages: Array.from({ length: 400 }, (_, index) => message(index + 1, 2)) }
  const atEnd = timeline.trimmed(full, null)
  assert.equal(atEnd.messages[atEnd.messages.length - 1]?.id, id(400))
  assert.ok(atEnd.messages.length <= 60 && atEnd.hasOlder && !atEnd.hasNewer)
  const above = timeline.trimmed(full, id(100))
  assert.ok(above.messages.some((kept) => kept.id === id(100)) && above.messages.length <= 60 && above.hasOlder && above.hasNewer)
  assert.equal(timeline.trimmed(timeline.emptyTimeline, null), timeline.emptyTimeline)
})

test('what one reads further up is not pushed out by what is written meanwhile', () => {
  const full = { ...timeline.emptyTimeline, messages: Array.from({ length: timeline.WINDOW }, (_, index) => message(index + 1, 2)) }
  const reading = timeline.received(full, message(1_000, 2), true)
  assert.equal(reading.messages[0]?.id, id(1))
  assert.ok(reading.hasNewer)
  const atEnd = timeline.received(full, message(1_000, 2), false)
  assert.equal(atEnd.messages[atEnd.messages.length - 1]?.id, id(1_000))
  assert.equal(atEnd.messages.length, timeline.WINDOW)
})
