// Three panels: channels, the open channel, members. On a phone one of them at a time.

import { useEffect } from 'react'
import type { Language } from '../../strings/catalogue'
import { recall } from '../../model/entry'
import { channelGroups } from '../../model/community/state'
import { useStore, useWords } from '../useStore'
import { ChannelList } from './ChannelList'
import { ChatView } from './chat/ChatView'
import { Notifications } from './chat/Notifications'
import { useClient, useCommunity, useInterface } from './context'
import { Dialogs } from './Dialogs'
import { MemberList } from './MemberList'
import { UserPanel } from './UserPanel'
import { VoiceSound } from './voice/VoiceSound'
import { VoiceView } from './voice/VoiceView'

export function Shell({ onLanguage }: { onLanguage: (language: Language) => void }): JSX.Element {
  const { community, ui } = useClient()
  const state = useCommunity()
  const { channel: selected, panel, membersShown } = useInterface()
  const line = useStore(community.gateway.state)
  const words = useWords()
  const channel = selected ? state.channels[selected] : undefined

  useEffect(() => {
    if (channel) return
    // Where one was last, or the first channel that there is.
    const kept = state.channels[recall('channel')]
    const first = kept ?? channelGroups(state).flatMap((group) => group.channels).find((candidate) => candidate.type === 'text')
    if (first) { ui.open(first.id); ui.show('channels') }
  }, [channel, state, ui])

  return (
    <div className={`shell panel-${panel}${membersShown ? ' with-members' : ''}`}>
      <aside className="sidebar" aria-label={words('shell.channels')}>
        <ChannelList />
        <UserPanel />
      </aside>
      <main className="chat">
        {line === 'reconnecting' && <p className="banner" role="status">{words('shell.reconnecting')}</p>}
        {channel?.type === 'voice' ? <VoiceView key={channel.id} channel={channel} /> : channel ? <ChatView key={channel.id} channel={channel} /> : <p className="empty">{words('shell.noChannel')}</p>}
      </main>
      {membersShown && <aside className="members" aria-label={words('shell.members')}><MemberList /></aside>}
      <VoiceSound />
      <Notifications />
      <Dialogs onLanguage={onLanguage} />
    </div>
  )
}
