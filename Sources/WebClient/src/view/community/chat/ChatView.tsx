// The open channel: its head, its messages, who types, and where one writes.

import { useEffect } from 'react'
import { has, Permission, type Channel } from '../../../model/community/types'
import { Icon } from '../../icons'
import { useStore, useWords } from '../../useStore'
import { channelName } from '../ChannelList'
import { useAction, useClient, useCommunity, useInterface } from '../context'
import { Composer } from './Composer'
import { Timeline } from './Timeline'
import { Typing } from './Typing'

export function ChatView({ channel }: { channel: Channel }): JSX.Element {
  const { community, ui } = useClient()
  const state = useCommunity()
  const { membersShown } = useInterface()
  const words = useWords()
  const act = useAction()
  const name = channelName(state, channel)
  const epoch = useStore(community.epoch)
  useEffect(() => act(() => community.open(channel.id)), [community, channel.id, epoch])
  useEffect(() => { document.title = `${name} · ${state.server.name}` }, [name, state.server.name])
  return (
    <>
      <header className="chat-head">
        <button className="icon-button phone-only" aria-label={words('shell.channels')} onClick={() => ui.show('channels')}>
          <Icon name="back" size={20} />
        </button>
        <h1><Icon name={channel.type === 'voice' ? 'speaker' : channel.type === 'text' ? 'hash' : 'people'} size={22} />{name}</h1>
        {channel.topic && <p className="topic" title={channel.topic}>{channel.topic}</p>}
        <div className="tools">
          <button className="icon-button" aria-label={words('shell.members.toggle')} aria-pressed={membersShown} onClick={() => ui.toggleMembers()}>
            <Icon name="people" size={22} />
          </button>
        </div>
      </header>
      <Timeline channel={channel} />
      <Typing channel={channel} />
      {has(channel.permissions, Permission.sendMessages)
        ? <Composer channel={channel} />
        : <p className="composer-closed">{words('chat.readonly')}</p>}
    </>
  )
}
