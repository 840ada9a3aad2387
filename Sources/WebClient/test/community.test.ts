// The community's model: what events change, how a window of history grows, and how the socket comes back.

import test from 'node:test'
import assert from 'node:assert/strict'
import { Api, Problem } from '../src/model/community/http'
import { Gateway, type Socket } from '../src/model/community/gateway'
import { channelGroups, fromReady, isUnread, may, memberGroups, reduce } from '../src/model/community/state'
import * as timeline from '../src/model/community/timeline'
import { Permission, type Channel, type Message, type Ready, type User } from '../src/model/community/types'

const user = (id: string, roles: string[] = []): User => ({
  id, username: id, display_name: null, avatar_url: null, bot: false, status: 'online', custom_status: null, created_at: '',
  last_seen_at: null, roles, timed_out_until: null,
})

const channel = (id: string, position: number, more: Partial<Channel> = {}): Channel => ({
  id, name: id, type: 'text', category_id: null, topic: null, position, user_limit: 0, bitrate: 64000, slow_mode: 0,
  last_message_id: null, permissions: 1504, overrides: [], ...more,
})

const message = (id: string, by = 'b', more: Partial<Message> = {}): Message => ({
  id, channel_id: 'c1', user_id: by, author: user(by), content: id, edited_at: null, created_at: '', reply_to: null, attachments: [],
  reactions: [], mentions: { users: [], roles: [], everyone: false }, pinned: false, type: 'default', ...more,
})

const ready: Ready = {
  session_id: 's', heartbeat_interval: 30_000, user: user('a'), server: { id: 'x', name: 'Deneme', icon_url: null, created_at: '' },
  channels: [channel('c2', 1, { category_id: 'k' }), channel('c1', 0, { category_id: 'k' }), channel('v', 2, { type: 'voice' })],
  categories: [{ id: 'k', name: 'Metin', position: 0 }], members: [user('a'), user('b', ['r']), user('c')],
  roles: [
    { id: 'e', name: 'Member', color: '#99AAB5', position: 0, permissions: 1504, hoist: false, mentionable: false, is_default: true, is_owner: false },
    { id: 'r', name: 'Ekip', color: '#ff0000', position: 5, permissions: 16, hoist: true, mentionable: true, is_default: false, is_owner: false },
  ],
  read_states: [{ channel_id: 'c1', last_read_message_id: '1', mention_count: 0 }], voice_states: [], presences: [{ user_id: 'a', status: 'online' }, { user_id: 'b', status: 'idle' }], member_count: 3,
}

test('channels stand under their categories in order, loose ones first', () => {
  const groups = channelGroups(fromReady(ready))
  assert.deepEqual(groups.map((group) => [group.category?.id ?? null, group.channels.map((c) => c.id)]), [[null, ['v']], ['k', ['c1', 'c2']]])
})

test('members stand under their role, then who is there, then who is not', () => {
  const groups = memberGroups(fromReady(ready), 'tr')
  assert.deepEqual(groups.map((group) => [group.role?.id ?? null, group.online, group.members.map((m) => m.id)]),
    [['r', true, ['b']], [null, true, ['a']], [null, false, ['c']]])
})

test('a message of another makes a channel unread, a mention counts, and our own message reads it', () => {
  let state = fromReady(ready)
  state = reduce(state, 'message_create', { message: message('2') }, 0)
  assert.ok(isUnread(state, state.channels['c1']!))
  assert.equal(state.readStates['c1']?.mention_count, 0)
  state = reduce(state, 'message_create', { message: message('3', 'b', { mentions: { users: ['a'], roles: [], everyone: false } }) }, 0)
  assert.equal(state.readStates['c1']?.mention_count, 1)
  state = reduce(state, 'message_create', { message: message('4', 'a') }, 0)
  assert.ok(!isUnread(state, state.channels['c1']!))
  assert.equal(state.readStates['c1']?.mention_count, 0)
})

test('an update for everybody does not take away what we may do', () => {
  let state = fromReady(ready)
  state = reduce(state, 'channel_update', { channel: channel('c1', 0, { permissions: undefined, name: 'yeni' }) }, 0)
  assert.equal(state.channels['c1']?.name, 'yeni')
  assert.ok(may(state, Permission.sendMessages, 'c1'))
})

test('an unknown event changes nothing at all', () => {
  const state = fromReady(ready)
  assert.equal(reduce(state, 'something_new', {}, 0), state)
})

test('history grows at both ends without gaps or doubles', () => {
  let line = timeline.open(timeline.emptyTimeline, { messages: [message('5'), message('4')], asked: 2 }, null)
  assert.ok(line.hasOlder && !line.hasNewer)
  line = timeline.prepend(line, { messages: [message('3'), message('4')], asked: 2 })
  line = timeline.received(line, message('6'))
  line = timeline.received(line, message('6'))
  assert.deepEqual(line.messages.map((m) => m.id), ['3', '4', '5', '6'])
  line = timeline.prepend(line, { messages: [message('2')], asked: 2 })
  assert.ok(!line.hasOlder)
})

test('a window that is too long lets the far end go', () => {
  const page = (from: number): Message[] => Array.from({ length: 300 }, (_, index) => message(String(from + index).padStart(6, '0')))
  let line = timeline.open(timeline.emptyTimeline, { messages: page(1000), asked: 300 }, null)
  line = timeline.prepend(line, { messages: page(700), asked: 300 })
  assert.equal(line.messages.length, timeline.WINDOW)
  assert.equal(line.messages[0]?.id, '000700')
  assert.ok(line.hasNewer)
})

test('what we sent stands there at once and is replaced by what the server kept', () => {
  let line = timeline.open(timeline.emptyTimeline, { messages: [], asked: 50 }, null)
  line = timeline.sent(line, { nonce: 'n', content: 'selam', attachments: [], replyTo: null, createdAt: 0, failure: null })
  assert.equal(line.pending.length, 1)
  line = timeline.received(line, message('9', 'a', { nonce: 'n' }))
  assert.equal(line.pending.length, 0)
  assert.equal(line.messages.length, 1)
})

test('a reaction that was drawn before the server said so is not counted twice', () => {
  let line = timeline.open(timeline.emptyTimeline, { messages: [message('1')], asked: 50 }, null)
  line = timeline.reacted(line, '1', '👍', 1, true)
  line = timeline.reacted(line, '1', '👍', 1, true)
  line = timeline.reacted(line, '1', '👍', 1, false)
  assert.deepEqual(line.messages[0]?.reactions, [{ emoji: '👍', count: 2, me: true }])
  line = timeline.reacted(line, '1', '👍', -1, true)
  line = timeline.reacted(line, '1', '👍', -1, false)
  assert.deepEqual(line.messages[0]?.reactions, [])
})

// The socket.

class FakeSocket implements Socket {
  static all: FakeSocket[] = []
  said: string[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  constructor(readonly query: string) { FakeSocket.all.push(this) }
  send(text: string): void { this.said.push(text) }
  close(code?: number): void { this.onclose?.({ code: code ?? 1000 }) }
  hear(frame: unknown): void { this.onmessage?.({ data: JSON.stringify(frame) }) }
}

function gateway(renew: () => Promise<boolean> = async () => true): { gateway: Gateway; heard: string[]; run: () => void } {
  FakeSocket.all = []
  const timers: (() => void)[] = []
  const heard: string[] = []
  const made = new Gateway({
    open: (query) => new FakeSocket(query), renew, onEvent: (op) => heard.push(op), random: () => 0,
    after: (wait, body) => {
      if (wait < 10_000) timers.push(body)
      return () => { const index = timers.indexOf(body); if (index >= 0) timers.splice(index, 1) }
    },
  })
  return { gateway: made, heard, run: () => { for (const body of timers.splice(0)) body() } }
}

test('a dropped line is taken up where it was, and nothing is heard twice', async () => {
  const { gateway: line, heard, run } = gateway()
  line.start()
  FakeSocket.all[0]!.hear({ op: 'ready', s: 7, d: { session_id: 'S' } })
  FakeSocket.all[0]!.hear({ op: 'message_create', s: 9, d: {} })
  FakeSocket.all[0]!.close(1006)
  await Promise.resolve()
  assert.equal(line.state.get(), 'reconnecting')
  run()
  assert.equal(FakeSocket.all[1]!.query, '?session=S&seq=9')
  FakeSocket.all[1]!.hear({ op: 'message_create', s: 9, d: {} })
  FakeSocket.all[1]!.hear({ op: 'message_update', s: 12, d: {} })
  FakeSocket.all[1]!.hear({ op: 'resumed' })
  assert.deepEqual(heard, ['ready', 'message_create', 'message_update', 'resumed'])
  assert.equal(line.state.get(), 'connected')
})

test('a session that is over ends the trying', async () => {
  const { gateway: line } = gateway(async () => false)
  line.start()
  FakeSocket.all[0]!.close(4004)
  await new Promise((resolve) => setTimeout(resolve, 0))
  assert.equal(line.state.get(), 'signedOut')
  assert.equal(FakeSocket.all.length, 1)
})

// The API.

const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status })

test('a session that ran out is renewed once for all who wait', async () => {
  let renewals = 0
  let isRenewed = false
  const api = new Api('/api', async (url) => {
    if (url.endsWith('/auth/refresh')) { renewals += 1; isRenewed = true; return answer(200, {}) }
    return isRenewed ? answer(200, { success: true, value: 1 }) : answer(401, { code: 'UNAUTHORIZED' })
  })
  const values = await Promise.all([1, 2, 3].map(() => api.get<{ value: number }>('/users')))
  assert.deepEqual(values.map((value) => value.value), [1, 1, 1])
  assert.equal(renewals, 1)
})

test('a refusal carries the code, the words and the wait', async () => {
  const api = new Api('/api', async () => answer(429, { code: 'RATE_LIMIT', error: 'wait', retry_after: 2.5 }))
  const error = await api.post('/x').then(() => null, (reason: Problem) => reason)
  assert.equal(error?.code, 'RATE_LIMIT')
  assert.equal(error?.retryAfter, 2.5)
})
