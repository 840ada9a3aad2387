// Context menus: what may be done with a channel, a category, a member, the server. What one may not do is not shown.

import type { MouseEvent } from 'react'
import { mayModerate } from '../../model/community/ranks'
import { channelGroups, may } from '../../model/community/state'
import { Permission, type Category, type Channel, type User } from '../../model/community/types'
import { useMenu, type MenuEntries, type MenuItem } from '../parts/Menu'
import { useWords } from '../useStore'
import { useAction, useClient, useCommunity } from './context'
import { maySeeServerSettings } from './settings/pages'

type Handler = (event: MouseEvent) => void

/** Groups of entries with lines between those that have any. */
function inGroups(...groups: (MenuItem | false)[][]): MenuEntries {
  const shown = groups.map((group) => group.filter((entry): entry is MenuItem => entry !== false)).filter((group) => group.length > 0)
  return shown.flatMap((group, index) => (index > 0 ? [null, ...group] : group))
}

export function useServerMenu(): Handler {
  const { ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const open = useMenu()
  const mayBuild = may(state, Permission.manageChannels)
  return (event) => open(event, inGroups(
    [
      may(state, Permission.createInvite) && { label: words('invite.people'), run: () => ui.dialog({ kind: 'invite' }) },
      maySeeServerSettings(state) && { label: words('settings.server'), run: () => ui.dialog({ kind: 'serverSettings' }) },
    ],
    [
      mayBuild && { label: words('channel.create'), run: () => ui.dialog({ kind: 'createChannel', category: null, type: 'text' }) },
      mayBuild && { label: words('category.create'), run: () => ui.dialog({ kind: 'category', category: null }) },
    ],
    [
      { label: words('switcher.title'), run: () => ui.dialog({ kind: 'switcher' }) },
      { label: words('settings.user'), run: () => ui.dialog({ kind: 'userSettings' }) },
    ]))
}

export function useChannelMenu(channel: Channel): Handler {
  const { api, community, ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const open = useMenu()
  const mayManage = may(state, Permission.manageChannels, channel.id)
  const remove = (): void => ui.dialog({
    kind: 'confirm', title: words('channel.delete.title', { name: channel.name }), text: words('channel.delete.text'),
    action: words('shell.delete'), isDangerous: true, run: async () => { await api.delete(`/channels/${channel.id}`) },
  })
  return (event) => open(event, inGroups(
    [{ label: words('shell.markRead'), run: () => void community.markRead(channel) }],
    [may(state, Permission.createInvite) && { label: words('invite.people'), run: () => ui.dialog({ kind: 'invite' }) }],
    [
      (mayManage || may(state, Permission.manageRoles, channel.id))
        && { label: words('channel.edit'), run: () => ui.dialog({ kind: 'channelSettings', channel: channel.id }) },
      may(state, Permission.manageChannels) && {
        label: words('channel.create'), run: () => ui.dialog({ kind: 'createChannel', category: channel.category_id, type: channel.type === 'voice' ? 'voice' : 'text' }),
      },
      mayManage && { label: words('channel.delete'), isDangerous: true, run: remove },
    ]))
}

/** For those who may manage channels; others have no menu there. */
export function useCategoryMenu(category: Category): Handler {
  const { api, ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const open = useMenu()
  const remove = (): void => ui.dialog({
    kind: 'confirm', title: words('category.delete.title', { name: category.name }), text: words('category.delete.text'),
    action: words('shell.delete'), isDangerous: true, run: async () => { await api.delete(`/categories/${category.id}`) },
  })
  return (event) => {
    if (!may(state, Permission.manageChannels)) return
    open(event, inGroups(
      [{ label: words('channel.create'), run: () => ui.dialog({ kind: 'createChannel', category: category.id, type: 'text' }) }],
      [
        { label: words('category.rename'), run: () => ui.dialog({ kind: 'category', category: category.id }) },
        { label: words('category.delete'), isDangerous: true, run: remove },
      ]))
  }
}

export function useMemberMenu(member: User): Handler {
  const { api, community, ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const act = useAction()
  const open = useMenu()
  const isMe = member.id === state.me.id
  const moderates = (permission: number): boolean => mayModerate(state, member, permission)
  const isTimedOut = Date.parse(member.timed_out_until ?? '') > Date.now()
  const voice = useVoiceEntries(member)
  return (event) => open(event, inGroups(
    [
      { label: words('shell.profile'), run: () => ui.dialog({ kind: 'profile', user: member.id }) },
      !isMe && !member.bot && { label: words('chat.message'), run: () => act(async () => ui.open(await community.converse(member.id))) },
      moderates(Permission.manageRoles) && { label: words('server.roles'), run: () => ui.dialog({ kind: 'profile', user: member.id }) },
    ],
    voice,
    [
      moderates(Permission.moderateMembers) && (isTimedOut
        ? { label: words('moderate.timeout.end'), run: () => act(() => api.delete(`/users/${member.id}/timeout`)) }
        : { label: words('moderate.timeout'), run: () => ui.dialog({ kind: 'moderate', user: member.id, act: 'timeout' }) }),
      moderates(Permission.kickMembers) && { label: words('moderate.kick'), isDangerous: true, run: () => ui.dialog({ kind: 'moderate', user: member.id, act: 'kick' }) },
      moderates(Permission.banMembers) && { label: words('moderate.ban'), isDangerous: true, run: () => ui.dialog({ kind: 'moderate', user: member.id, act: 'ban' }) },
    ]))
}

/** What one may do with a member who is in a voice channel. */
function useVoiceEntries(member: User): (MenuItem | false)[] {
  const { api } = useClient()
  const state = useCommunity()
  const words = useWords()
  const act = useAction()
  const voice = state.voiceStates[member.id]
  const here = voice?.channel_id
  if (!voice || !here || member.id === state.me.id) return []
  const mayMute = may(state, Permission.muteMembers, here)
  const mayMove = may(state, Permission.moveMembers, here)
  const set = (change: Record<string, unknown>) => () => act(() => api.patch(`/users/${member.id}/voice`, change))
  const others = channelGroups(state).flatMap((group) => group.channels).filter((channel) => channel.type === 'voice' && channel.id !== here)
  return [
    mayMute && { label: words('moderate.mute'), isChecked: voice.server_muted, run: set({ muted: !voice.server_muted }) },
    mayMute && { label: words('moderate.deafen'), isChecked: voice.server_deafened, run: set({ deafened: !voice.server_deafened }) },
    ...(mayMove ? others.map((channel) => ({ label: words('moderate.move', { name: channel.name }), run: set({ channel_id: channel.id }) })) : []),
    mayMove && { label: words('moderate.disconnect'), isDangerous: true, run: set({ channel_id: null }) },
  ]
}
