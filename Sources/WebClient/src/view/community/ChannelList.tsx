// The left panel: the server's name, categories with their channels, who is in which voice channel, conversations.

import type { KeyboardEvent } from 'react'
import { channelGroups, isUnread, may, nameOf, type CommunityState } from '../../model/community/state'
import { Permission, type Category, type Channel } from '../../model/community/types'
import { Icon } from '../icons'
import { Face } from '../parts/Face'
import { useWords } from '../useStore'
import { useClient, useCommunity, useInterface } from './context'
import { useCategoryMenu, useChannelMenu, useServerMenu } from './menus'
import { VoiceMembers } from './voice/VoiceMembers'

export function ChannelList(): JSX.Element {
  const { ui } = useClient()
  const state = useCommunity()
  const { collapsed } = useInterface()
  const words = useWords()
  const serverMenu = useServerMenu()
  const conversations = conversationsOf(state)
  return (
    <>
      <div className="server-head">
        <button className="server-name" aria-haspopup="menu" onClick={serverMenu} onContextMenu={serverMenu}>
          {state.server.icon_url && <img src={state.server.icon_url} width={24} height={24} alt="" />}
          <span>{state.server.name}</span><Icon name="down" size={18} />
        </button>
        {may(state, Permission.createInvite) && (
          <button className="icon-button" aria-label={words('invite.people')} title={words('invite.people')} onClick={() => ui.dialog({ kind: 'invite' })}>
            <Icon name="invite" size={20} />
          </button>
        )}
      </div>
      <nav className="channels" aria-label={words('shell.channels')} onKeyDown={moveFocus}>
        {channelGroups(state).map(({ category, channels }) => {
          const isClosed = category !== null && collapsed[category.id] === true
          // A closed category still shows what is new in it.
          const shown = isClosed ? channels.filter((channel) => isUnread(state, channel)) : channels
          return (
            <section key={category?.id ?? 'loose'}>
              {category && <CategoryHead category={category} isClosed={isClosed} first={channels[0]?.type === 'voice' ? 'voice' : 'text'} />}
              <ul>{shown.map((channel) => <ChannelRow key={channel.id} channel={channel} />)}</ul>
            </section>
          )
        })}
        {conversations.length > 0 && (
          <section>
            <h3><span className="heading">{words('shell.conversations')}</span></h3>
            <ul>{conversations.map((channel) => <ConversationRow key={channel.id} channel={channel} />)}</ul>
          </section>
        )}
      </nav>
    </>
  )
}

function CategoryHead({ category, isClosed, first }: { category: Category; isClosed: boolean; first: 'text' | 'voice' }): JSX.Element {
  const { ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const menu = useCategoryMenu(category)
  const label = words('channel.createIn', { name: category.name })
  return (
    <h3 onContextMenu={menu}>
      <button aria-expanded={!isClosed} onClick={() => ui.toggleCategory(category.id)}>
        <Icon name={isClosed ? 'right' : 'down'} size={12} /><span>{category.name}</span>
      </button>
      {may(state, Permission.manageChannels) && (
        <button className="icon-button add" aria-label={label} title={label}
          onClick={() => ui.dialog({ kind: 'createChannel', category: category.id, type: first })}><Icon name="plus" size={16} /></button>
      )}
    </h3>
  )
}

function ChannelRow({ channel }: { channel: Channel }): JSX.Element {
  const { ui, voice } = useClient()
  const state = useCommunity()
  const { channel: selected } = useInterface()
  const menu = useChannelMenu(channel)
  const isVoice = channel.type === 'voice'
  const count = Object.values(state.voiceStates).filter((voiceState) => voiceState.channel_id === channel.id).length
  return (
    <li>
      <button className={rowClass(state, channel, selected)} aria-current={selected === channel.id} onContextMenu={menu} data-channel={channel.id}
        onClick={() => { if (isVoice) void voice.join(channel); ui.open(channel.id) }}>
        <Icon name={isVoice ? 'speaker' : 'hash'} size={20} />
        <span className="name">{channel.name}</span>
        {isVoice && channel.user_limit > 0 && <span className="limit">{count}/{channel.user_limit}</span>}
        <Badge channel={channel} />
      </button>
      {isVoice && <VoiceMembers channel={channel} />}
    </li>
  )
}

function ConversationRow({ channel }: { channel: Channel }): JSX.Element {
  const { ui } = useClient()
  const state = useCommunity()
  const { channel: selected } = useInterface()
  const other = state.members[channel.participants?.find((id) => id !== state.me.id) ?? '']
  return (
    <li>
      <button className={rowClass(state, channel, selected)} aria-current={selected === channel.id} onClick={() => ui.open(channel.id)}>
        {other ? <Face person={other} size={24} status={state.presences[other.id] ?? 'offline'} /> : <Icon name="people" size={20} />}
        <span className="name">{channelName(state, channel)}</span>
        <Badge channel={channel} />
      </button>
    </li>
  )
}

function Badge({ channel }: { channel: Channel }): JSX.Element | null {
  const state = useCommunity()
  const words = useWords()
  const count = state.readStates[channel.id]?.mention_count ?? 0
  if (count > 0) return <span className="badge" aria-label={words('shell.mentions', { count })}>{count > 99 ? '99+' : count}</span>
  return isUnread(state, channel) ? <span className="visually-hidden">{words('shell.unread')}</span> : null
}

function rowClass(state: CommunityState, channel: Channel, selected: string | null): string {
  return ['channel', selected === channel.id ? 'selected' : '', isUnread(state, channel) ? 'unread' : ''].filter(Boolean).join(' ')
}

/** The name of a channel, or of the people in a conversation. */
export function channelName(state: CommunityState, channel: Channel): string {
  if (channel.type !== 'dm' && channel.type !== 'group') return channel.name
  if (channel.type === 'group' && channel.name) return channel.name
  const others = (channel.participants ?? []).filter((id) => id !== state.me.id)
  return others.map((id) => state.members[id]).map((user) => (user ? nameOf(user) : '?')).join(', ')
}

const conversationsOf = (state: CommunityState): Channel[] =>
  Object.values(state.channels).filter((channel) => channel.type === 'dm' || channel.type === 'group')
    .sort((a, b) => ((a.last_message_id ?? a.id) < (b.last_message_id ?? b.id) ? 1 : -1))

/** Up and down go through everything that can be pressed here. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  const buttons = [...event.currentTarget.querySelectorAll('button')]
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
  buttons[(at + step + buttons.length) % buttons.length]?.focus()
  event.preventDefault()
}
