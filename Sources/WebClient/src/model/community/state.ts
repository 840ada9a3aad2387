// Everything that the gateway tells about the community, in one value; and what each event changes in it. Pure.

import type {
  Category, Channel, ChannelOverride, Id, Message, PresenceStatus, ReadState, Ready, Role, Server, User, VoiceState,
} from './types'
import { allPermissions, conversationPermissions, has, Permission } from './types'

export interface CommunityState {
  me: User
  server: Server
  channels: Record<Id, Channel>
  categories: Record<Id, Category>
  roles: Record<Id, Role>
  members: Record<Id, User>
  presences: Record<Id, PresenceStatus>
  readStates: Record<Id, ReadState>
  /** By member. */
  voiceStates: Record<Id, VoiceState>
  /** Who types where, until when (milliseconds). */
  typing: Record<Id, Record<Id, number>>
}

const byId = <Item extends { id: Id }>(items: Item[]): Record<Id, Item> =>
  Object.fromEntries(items.map((item) => [item.id, item]))

export function fromReady(ready: Ready): CommunityState {
  return {
    me: ready.user,
    server: ready.server,
    channels: byId(ready.channels),
    categories: byId(ready.categories),
    roles: byId(ready.roles),
    members: byId(ready.members),
    presences: Object.fromEntries(ready.presences.map(({ user_id, status }) => [user_id, status])),
    readStates: Object.fromEntries((ready.read_states ?? []).map((state) => [state.channel_id, state])),
    voiceStates: Object.fromEntries(ready.voice_states.filter((state) => state.channel_id).map((state) => [state.user_id, state])),
    typing: {},
  }
}

/** How long a typing notice holds, milliseconds: clients repeat it every eight seconds. */
export const TYPING_TIME = 10_000

/** The state after an event. The same value when nothing changed, so that nothing is drawn again. */
export function reduce(state: CommunityState, op: string, data: unknown, now: number): CommunityState {
  const next = changed(state, op, data, now)
  // Events are the same for everybody: what they mean for what we may do is worked out here.
  const isOurs = op.startsWith('channel_') || op.startsWith('role_') || (op === 'member_update' && next.me !== state.me)
  return isOurs && next !== state ? withPermissions(next, now) : next
}

function changed(state: CommunityState, op: string, data: unknown, now: number): CommunityState {
  const d = data as Record<string, unknown>
  switch (op) {
    case 'channel_create':
    case 'channel_update': return withChannel(state, d['channel'] as Channel)
    case 'channel_delete': return { ...state, channels: without(state.channels, d['id'] as Id) }
    case 'category_create':
    case 'category_update': {
      const category = d['category'] as Category
      return { ...state, categories: { ...state.categories, [category.id]: category } }
    }
    case 'category_delete': return withoutCategory(state, d['id'] as Id)
    case 'role_create':
    case 'role_update': {
      const role = d['role'] as Role
      return { ...state, roles: { ...state.roles, [role.id]: role } }
    }
    case 'role_delete': return { ...state, roles: without(state.roles, d['id'] as Id) }
    case 'member_join':
    case 'member_update': return withMember(state, d['user'] as User)
    case 'member_leave': return withoutMember(state, d['user_id'] as Id)
    case 'server_update': return { ...state, server: d['server'] as Server }
    case 'presence_update': return withPresence(state, d as { user_id: Id; status: PresenceStatus; custom_status?: string | null })
    case 'typing_start': return withTyping(state, d['channel_id'] as Id, d['user_id'] as Id, now)
    case 'voice_state_update': return withVoice(state, d as unknown as VoiceState)
    case 'read_state_update': {
      const read = d as unknown as ReadState
      return { ...state, readStates: { ...state.readStates, [read.channel_id]: read } }
    }
    case 'message_create': return withMessage(state, d['message'] as Message)
    default: return state
  }
}

function without<Value>(record: Record<Id, Value>, id: Id): Record<Id, Value> {
  const { [id]: _, ...rest } = record
  return rest
}

function withChannel(state: CommunityState, channel: Channel): CommunityState {
  const known = state.channels[channel.id]
  const merged = { ...known, ...channel, permissions: channel.permissions ?? known?.permissions }
  return { ...state, channels: { ...state.channels, [channel.id]: merged } }
}

function withoutCategory(state: CommunityState, id: Id): CommunityState {
  const channels = Object.fromEntries(Object.entries(state.channels).map(([key, channel]) =>
    [key, channel.category_id === id ? { ...channel, category_id: null } : channel]))
  return { ...state, categories: without(state.categories, id), channels }
}

function withMember(state: CommunityState, user: User): CommunityState {
  const members = { ...state.members, [user.id]: { ...state.members[user.id], ...user } }
  const me = user.id === state.me.id ? { ...state.me, ...user } : state.me
  return { ...state, members, me }
}

function withoutMember(state: CommunityState, id: Id): CommunityState {
  return {
    ...state, members: without(state.members, id), presences: without(state.presences, id), voiceStates: without(state.voiceStates, id),
  }
}

function withPresence(
  state: CommunityState, change: { user_id: Id; status: PresenceStatus; custom_status?: string | null },
): CommunityState {
  const presences = { ...state.presences, [change.user_id]: change.status }
  const member = state.members[change.user_id]
  if (!member || change.custom_status === undefined || member.custom_status === change.custom_status) return { ...state, presences }
  return { ...withMember(state, { ...member, custom_status: change.custom_status }), presences }
}

function withTyping(state: CommunityState, channel: Id, user: Id, now: number): CommunityState {
  if (user === state.me.id) return state
  return { ...state, typing: { ...state.typing, [channel]: { ...state.typing[channel], [user]: now + TYPING_TIME } } }
}

function withVoice(state: CommunityState, voice: VoiceState): CommunityState {
  const voiceStates = voice.channel_id ? { ...state.voiceStates, [voice.user_id]: voice } : without(state.voiceStates, voice.user_id)
  return { ...state, voiceStates }
}

function withMessage(state: CommunityState, message: Message): CommunityState {
  const channel = state.channels[message.channel_id]
  if (!channel) return state
  const channels = { ...state.channels, [channel.id]: { ...channel, last_message_id: message.id } }
  const typing = { ...state.typing, [channel.id]: without(state.typing[channel.id] ?? {}, message.user_id) }
  if (message.user_id === state.me.id) {
    const read: ReadState = { channel_id: channel.id, last_read_message_id: message.id, mention_count: 0 }
    return { ...state, channels, typing, readStates: { ...state.readStates, [channel.id]: read } }
  }
  if (!mentions(state, message)) return { ...state, channels, typing }
  const known = state.readStates[channel.id] ?? { channel_id: channel.id, last_read_message_id: null, mention_count: 0 }
  const read = { ...known, mention_count: known.mention_count + 1 }
  return { ...state, channels, typing, readStates: { ...state.readStates, [channel.id]: read } }
}

/** Whether a message is meant for us in particular. */
export function mentions(state: CommunityState, message: Message): boolean {
  const channel = state.channels[message.channel_id]
  return message.mentions.users.includes(state.me.id) || message.mentions.everyone
    || message.mentions.roles.some((role) => state.me.roles.includes(role)) || channel?.type === 'dm'
}

// What the views ask.

/** What we may do on the whole server. */
export function myPermissions(state: CommunityState): number {
  let held = 0
  for (const role of Object.values(state.roles)) {
    if (!role.is_default && !state.me.roles.includes(role.id)) continue
    if (role.is_owner || has(role.permissions, Permission.admin)) return allPermissions
    held |= role.permissions
  }
  return held
}

/** What we may do in a channel, in the server's order: roles, the override of everybody, those of roles together, our own, a timeout. */
export function permissionsIn(state: CommunityState, channel: Channel, now: number): number {
  if (channel.type === 'dm' || channel.type === 'group') return channel.permissions ?? conversationPermissions
  let held = myPermissions(state)
  if (has(held, Permission.admin)) return allPermissions
  const everyone = Object.values(state.roles).find((role) => role.is_default)?.id
  const apply = (matches: (override: ChannelOverride) => boolean): void => {
    const overrides = channel.overrides.filter(matches)
    const deny = overrides.reduce((all, override) => all | override.deny, 0)
    const allow = overrides.reduce((all, override) => all | override.allow, 0)
    held = (held & ~deny) | allow
  }
  apply((override) => override.target_type === 'role' && override.target_id === everyone)
  apply((override) => override.target_type === 'role' && override.target_id !== everyone && state.me.roles.includes(override.target_id))
  apply((override) => override.target_type === 'member' && override.target_id === state.me.id)
  if (state.me.timed_out_until && Date.parse(state.me.timed_out_until) > now) held &= Permission.viewChannel
  if (!has(held, Permission.viewChannel)) return 0
  if (!has(held, Permission.sendMessages)) held &= ~(Permission.mentionEveryone | Permission.bypassSlowMode)
  if (!has(held, Permission.connectVoice)) held &= ~(Permission.speak | Permission.stream | Permission.muteMembers | Permission.moveMembers)
  return held
}

function withPermissions(state: CommunityState, now: number): CommunityState {
  const channels = Object.values(state.channels).map((channel) => {
    const permissions = permissionsIn(state, channel, now)
    return permissions === channel.permissions ? channel : { ...channel, permissions }
  })
  return { ...state, channels: byId(channels) }
}

export const may = (state: CommunityState, needed: number, channel?: Id): boolean =>
  has(channel === undefined ? myPermissions(state) : state.channels[channel]?.permissions, needed)

export function isUnread(state: CommunityState, channel: Channel): boolean {
  if (!channel.last_message_id) return false
  const read = state.readStates[channel.id]?.last_read_message_id
  return !read || read < channel.last_message_id
}

export interface ChannelGroup {
  category: Category | null
  channels: Channel[]
}

/** Channels of the server under their categories, in order; those without one come first. */
export function channelGroups(state: CommunityState): ChannelGroup[] {
  const inOrder = <Item extends { position: number; id: Id }>(items: Item[]): Item[] =>
    items.sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))
  const channels = inOrder(Object.values(state.channels).filter((channel) => channel.type === 'text' || channel.type === 'voice'))
  const categories = inOrder(Object.values(state.categories))
  const of = (id: Id | null): Channel[] => channels.filter((channel) => channel.category_id === id)
  const loose = of(null)
  return [
    ...(loose.length > 0 ? [{ category: null, channels: loose }] : []),
    ...categories.map((category) => ({ category, channels: of(category.id) })),
  ]
}

export interface MemberGroup {
  /** The role that they are shown under; null for everybody else who is there, or who is not. */
  role: Role | null
  online: boolean
  members: User[]
}

/** Members as the list shows them: by their highest role that is shown by itself, then who is there, then who is not. */
export function memberGroups(state: CommunityState, locale: string): MemberGroup[] {
  const shown = Object.values(state.roles).filter((role) => role.hoist && !role.is_default).sort((a, b) => b.position - a.position)
  const groups: MemberGroup[] = [...shown.map((role) => ({ role, online: true, members: [] as User[] })),
    { role: null, online: true, members: [] }, { role: null, online: false, members: [] }]
  for (const member of Object.values(state.members)) {
    const online = (state.presences[member.id] ?? 'offline') !== 'offline'
    const group = online
      ? groups.find((candidate) => candidate.role && member.roles.includes(candidate.role.id)) ?? groups[groups.length - 2]
      : groups[groups.length - 1]
    group?.members.push(member)
  }
  const collator = new Intl.Collator(locale, { sensitivity: 'base' })
  for (const group of groups) group.members.sort((a, b) => collator.compare(nameOf(a), nameOf(b)))
  return groups.filter((group) => group.members.length > 0)
}

export const nameOf = (user: { username: string; display_name: string | null }): string => user.display_name || user.username

/** The colour of a member's name: of the highest role that has one of its own. */
export function colorOf(state: CommunityState, user: User): string | null {
  const roles = user.roles.map((id) => state.roles[id]).filter((role): role is Role => role !== undefined)
  const coloured = roles.filter((role) => role.color.toUpperCase() !== '#99AAB5').sort((a, b) => b.position - a.position)[0]
  return coloured?.color ?? null
}
