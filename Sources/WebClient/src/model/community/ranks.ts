// Who stands above whom, and the permissions in the order and the groups in which people read them. Pure.

import { myPermissions, type CommunityState } from './state'
import { has, Permission, type Category, type Channel, type Role, type User } from './types'

/** Above every role. */
const OWNER = Number.MAX_SAFE_INTEGER

/** The position of the highest role that somebody holds; the owner stands above all. */
export function rankOf(state: CommunityState, user: User): number {
  let rank = 0
  for (const id of user.roles) {
    const role = state.roles[id]
    if (role) rank = Math.max(rank, role.is_owner ? OWNER : role.position)
  }
  return rank
}

/** Whether we may do to this member what needs `permission`: never to ourselves, and only to who stands below us. */
export const mayModerate = (state: CommunityState, user: User, permission: number): boolean =>
  user.id !== state.me.id && has(myPermissions(state), permission) && rankOf(state, state.me) > rankOf(state, user)

/** Whether we may change, give or take this role. */
export const isBelowUs = (state: CommunityState, role: Role): boolean =>
  !role.is_owner && role.position < rankOf(state, state.me)

/** Roles as people read them: the highest first, the one of everybody last. */
export const rolesInOrder = (state: CommunityState): Role[] =>
  Object.values(state.roles).sort((a, b) => Number(a.is_default) - Number(b.is_default) || b.position - a.position)

export const categoriesInOrder = (state: CommunityState): Category[] =>
  Object.values(state.categories).sort((a, b) => a.position - b.position)

export type PermissionName = keyof typeof Permission

export const permissionGroups: { name: 'general' | 'members' | 'text' | 'voice'; permissions: PermissionName[] }[] = [
  { name: 'general', permissions: ['viewChannel', 'manageChannels', 'manageRoles', 'manageWebhooks', 'viewAuditLog', 'admin'] },
  { name: 'members', permissions: ['createInvite', 'kickMembers', 'banMembers', 'moderateMembers'] },
  { name: 'text', permissions: ['sendMessages', 'manageMessages', 'mentionEveryone', 'bypassSlowMode'] },
  { name: 'voice', permissions: ['connectVoice', 'speak', 'stream', 'muteMembers', 'moveMembers'] },
]

/** What means something in one channel, by its kind; the rest is the server's alone. */
export function channelPermissions(channel: Channel): PermissionName[] {
  const common: PermissionName[] = ['viewChannel', 'manageChannels', 'manageRoles']
  const text: PermissionName[] = ['sendMessages', 'manageMessages', 'mentionEveryone', 'bypassSlowMode', 'manageWebhooks']
  const voice: PermissionName[] = ['connectVoice', 'speak', 'stream', 'muteMembers', 'moveMembers']
  return [...common, ...(channel.type === 'voice' ? voice : text)]
}

/** What an override says about one permission. */
export type Verdict = 'allow' | 'neutral' | 'deny'

export const verdictOf = (override: { allow: number; deny: number } | undefined, bit: number): Verdict =>
  (has(override?.allow, bit) ? 'allow' : has(override?.deny, bit) ? 'deny' : 'neutral')

export const withVerdict = (override: { allow: number; deny: number }, bit: number, verdict: Verdict): { allow: number; deny: number } => ({
  allow: verdict === 'allow' ? override.allow | bit : override.allow & ~bit,
  deny: verdict === 'deny' ? override.deny | bit : override.deny & ~bit,
})
