// The foot of the left panel: who we are, our status, and the way to settings. While in voice, the voice panel above it.

import { nameOf } from '../../model/community/state'
import type { PresenceStatus } from '../../model/community/types'
import { Icon } from '../icons'
import { Face } from '../parts/Face'
import { useMenu } from '../parts/Menu'
import { useWords } from '../useStore'
import { useClient, useCommunity } from './context'
import { VoicePanel, VoiceSwitches } from './voice/VoicePanel'

export function UserPanel(): JSX.Element {
  const { community, session, ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const openMenu = useMenu()
  const status = state.presences[state.me.id] ?? 'online'
  const choose = (next: PresenceStatus) => ({
    label: words(`status.${next}`), isChecked: status === next, run: () => void community.gateway.send('presence_update', { status: next }),
  })
  return (
    <>
      <VoicePanel />
      <footer className="user-panel">
        <button className="me" aria-haspopup="menu" onClick={(event) => openMenu(event, [
          choose('online'), choose('idle'), choose('dnd'), null,
          { label: words('settings.user'), run: () => ui.dialog({ kind: 'userSettings' }) },
          { label: words('settings.logout'), run: () => void session.logout(), isDangerous: true },
        ])}>
          <Face person={state.me} status={status} />
          <span className="member-text">
            <span className="name">{nameOf(state.me)}</span>
            <span className="custom">{state.me.custom_status || words(`status.${status}`)}</span>
          </span>
        </button>
        <VoiceSwitches />
        <button className="icon-button" aria-label={words('settings.user')} onClick={() => ui.dialog({ kind: 'userSettings' })}>
          <Icon name="settings" size={20} />
        </button>
      </footer>
    </>
  )
}
