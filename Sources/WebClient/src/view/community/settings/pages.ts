// Which pages of the server's settings somebody may see.

import { may, type CommunityState } from '../../../model/community/state'
import { Permission } from '../../../model/community/types'

export type ServerPage = 'general' | 'roles' | 'members' | 'invites' | 'bans' | 'audit'

const needs: [ServerPage, number[]][] = [
  ['general', [Permission.admin]],
  ['roles', [Permission.manageRoles]],
  ['members', [Permission.manageRoles, Permission.kickMembers, Permission.banMembers, Permission.moderateMembers]],
  ['invites', [Permission.createInvite]],
  ['bans', [Permission.banMembers]],
  ['audit', [Permission.viewAuditLog]],
]

/** Any one of the permissions opens a page. */
export const serverPages = (state: CommunityState): ServerPage[] =>
  needs.filter(([, permissions]) => permissions.some((permission) => may(state, permission))).map(([page]) => page)

/** Invitations have a way of their own: they alone are no reason to show settings. */
export const maySeeServerSettings = (state: CommunityState): boolean => serverPages(state).some((page) => page !== 'invites')
