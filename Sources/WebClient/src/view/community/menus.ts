// Context menus: what may be done with a channel, a member, the server. What one may not do is not shown.

import type { MouseEvent } from 'react'
import { may } from '../../model/community/state'
import { Permission, type Channel, type User } from '../../model/community/types'
import { useMenu, type MenuEntries } from '../parts/Menu'
import { useWords } from '../useStore'
import { useAction, useClient, useCommunity } from './context'

type Handler = (event: MouseEvent) => void

export function useServerMenu(): Handler {
  const { ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const open = useMenu()
  return (event) => {
    const entries: MenuEntries = [{ label: words('settings.user'), run: () => ui.dialog({ kind: 'userSettings' }) }]
    if (may(state, Permission.manageRoles) || may(state, Permission.manageChannels)) {
      entries.unshift({ label: words('settings.server'), run: () => ui.dialog({ kind: 'serverSettings' }) })
    }
    open(event, entries)
  }
}

export function useChannelMenu(channel: Channel): Handler {
  const { community } = useClient()
  const words = useWords()
  const open = useMenu()
  return (event) => open(event, [{ label: words('shell.markRead'), run: () => void community.markRead(channel) }])
}

export function useMemberMenu(member: User): Handler {
  const { community, ui } = useClient()
  const { me } = useCommunity()
  const words = useWords()
  const act = useAction()
  const open = useMenu()
  return (event) => {
    const entries: MenuEntries = [{ label: words('shell.profile'), run: () => ui.dialog({ kind: 'profile', user: member.id }) }]
    if (member.id !== me.id) entries.push({ label: words('chat.message'), run: () => act(async () => ui.open(await community.converse(member.id))) })
    open(event, entries)
  }
}
