// What lies over the page at the moment, and the keys that call for it from anywhere.

import { useEffect } from 'react'
import type { Language } from '../../strings/catalogue'
import { Confirm } from '../parts/Confirm'
import { Lightbox } from './chat/Lightbox'
import { useClient, useCommunity, useInterface } from './context'
import { CategoryDialog, CreateChannel } from './settings/ChannelDialogs'
import { ChannelSettings } from './settings/ChannelSettings'
import { InviteDialog } from './settings/InviteDialog'
import { Moderate } from './settings/Moderate'
import { Profile } from './settings/Profile'
import { ServerSettings } from './settings/ServerSettings'
import { Switcher } from './settings/Switcher'
import { UserSettings } from './settings/UserSettings'

export function Dialogs({ onLanguage }: { onLanguage: (language: Language) => void }): JSX.Element | null {
  const { ui } = useClient()
  const state = useCommunity()
  const { dialog } = useInterface()
  const close = (): void => ui.dialog(null)
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== 'k') return
      event.preventDefault()
      const { dialog: open } = ui.state.get()
      if (open?.kind === 'switcher') ui.dialog(null)
      else if (!document.querySelector('dialog[open]')) ui.dialog({ kind: 'switcher' })
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [ui])
  switch (dialog?.kind) {
    case 'confirm': return <Confirm {...dialog} onClose={close} />
    case 'lightbox': return <Lightbox url={dialog.url} name={dialog.name} onClose={close} />
    case 'invite': return <InviteDialog onClose={close} />
    case 'createChannel': return <CreateChannel category={dialog.category} type={dialog.type} onClose={close} />
    case 'category': return <CategoryDialog category={dialog.category ? state.categories[dialog.category] ?? null : null} onClose={close} />
    case 'userSettings': return <UserSettings page={dialog.page} onLanguage={onLanguage} onClose={close} />
    case 'serverSettings': return <ServerSettings page={dialog.page} onClose={close} />
    case 'switcher': return <Switcher onClose={close} />
    // What it was about may be gone meanwhile.
    case 'channelSettings': {
      const channel = state.channels[dialog.channel]
      return channel ? <ChannelSettings channel={channel} onClose={close} /> : null
    }
    case 'profile': {
      const member = state.members[dialog.user]
      return member ? <Profile key={member.id} member={member} onClose={close} /> : null
    }
    case 'moderate': {
      const member = state.members[dialog.user]
      return member ? <Moderate member={member} act={dialog.act} onClose={close} /> : null
    }
    default: return null
  }
}
