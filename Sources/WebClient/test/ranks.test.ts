// Who stands above whom, and what an override says.

import test from 'node:test'
import assert from 'node:assert/strict'
import { isBelowUs, mayModerate, permissionGroups, rankOf, rolesInOrder, verdictOf, withVerdict } from '../src/model/community/ranks'
import { fromReady, type CommunityState } from '../src/model/community/state'
import { Permission, type Role, type User } from '../src/model/community/types'
import { isKey } from '../src/strings/catalogue'

const user = (id: string, roles: string[] = []): User => ({
  id, username: id, display_name: null, avatar_url: null, bot: false, status: 'online', custom_status: null, created_at: '',
  last_seen_at: null, roles, timed_out_until: null,
})

const role = (id: string, position: number, more: Partial<Role> = {}): Role => ({
  id, name: id, color: '#99AAB5', position, permissions: 0, hoist: false, mentionable: false, is_default: false, is_owner: false, ...more,
})

const members = [user('owner', ['top']), user('moderator', ['high']), user('equal', ['high']), user('plain')]

const stateOf = (id: string): CommunityState => fromReady({
  session_id: 's', heartbeat_interval: 30_000, user: members.find((member) => member.id === id)!, server: { id: 'x', name: '', icon_url: null, created_at: '' },
  channels: [], categories: [], members, roles: [
    role('everybody', 0, { is_default: true }), role('low', 1), role('high', 2, { permissions: Permission.kickMembers }),
    role('top', 3, { is_owner: true }),
  ], voice_states: [], presences: [], member_count: 4,
})

test('one acts on who stands below, and with the permission only', () => {
  const state = stateOf('moderator')
  const may = (id: string, permission: number): boolean => mayModerate(state, state.members[id]!, permission)
  assert.deepEqual(members.map(({ id }) => may(id, Permission.kickMembers)), [false, false, false, true])
  assert.equal(may('plain', Permission.banMembers), false)
})

test('the owner stands above a role of any position', () => {
  const state = stateOf('owner')
  assert.ok(rankOf(state, state.me) > 1_000_000)
  assert.ok(mayModerate(state, state.members['moderator']!, Permission.banMembers))
})

test('one changes the roles below the own one, never the owner\'s', () => {
  const state = stateOf('moderator')
  assert.deepEqual(rolesInOrder(state).map(({ id }) => [id, isBelowUs(state, state.roles[id]!)]),
    [['top', false], ['high', false], ['low', true], ['everybody', true]])
  assert.equal(isBelowUs(stateOf('owner'), role('top', 3, { is_owner: true })), false)
  assert.equal(isBelowUs(stateOf('plain'), state.roles['everybody']!), false)
})

test('a verdict takes the place of the one before', () => {
  const bit = Permission.speak
  let override = { allow: 0, deny: bit | Permission.stream }
  assert.equal(verdictOf(override, bit), 'deny')
  override = withVerdict(override, bit, 'allow')
  assert.deepEqual(override, { allow: bit, deny: Permission.stream })
  assert.equal(verdictOf(withVerdict(override, bit, 'neutral'), bit), 'neutral')
  assert.equal(verdictOf(undefined, bit), 'neutral')
})

test('every permission is in one group and has its words', () => {
  const listed = permissionGroups.flatMap(({ permissions }) => permissions)
  assert.deepEqual([...listed].sort(), Object.keys(Permission).sort())
  for (const name of listed) assert.ok(isKey(`permission.${name}`) && isKey(`permission.${name}.hint`), name)
})
