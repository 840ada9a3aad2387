// The open channel: its head, its messages, who types, and where one writes.

import { useEffect, useMemo, useRef, useState } from 'react'
import type { Channel, Id, Message } from '../../../model/community/types'
import { Icon } from '../../icons'
import { useStore, useWords } from '../../useStore'
import { channelName } from '../ChannelList'
import { useAction, useClient, useCommunity, useInterface } from '../context'
import { ChatContext, rightsIn, type ChatActions } from './chat'
import { Composer } from './Composer'
import { MarkdownLine } from './Markdown'
import { PinsButton } from './Pins'
import { SearchField, SearchPanel } from './Search'
import { Timeline } from './Timeline'
import { Typing } from './Typing'

export function ChatView({ channel }: { channel: Channel }): JSX.Element {
  const { community, ui } = useClient()
  const state = useCommunity()
  const { membersShown, target } = useInterface()
  const words = useWords()
  const act = useAction()
  const name = channelName(state, channel)
  const epoch = useStore(community.epoch)
  const [editing, setEditing] = useState<Id | null>(null)
  const [replyTo, setReplyTo] = useState<Message | null>(null)
  const [search, setSearch] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const may = rightsIn(state, channel)
  const rights = useMemo(() => may, [may.write, may.manage, may.pin])

  // Where one was, or the newest; a message that one was sent to comes before both.
  useEffect(() => {
    const place = community.places.get(channel.id)?.[0]
    act(() => (target ? community.jump(channel.id, target) : place ? community.jump(channel.id, place.id) : community.open(channel.id)))
  }, [community, channel.id, epoch])
  useEffect(() => () => community.leave(channel.id), [community, channel.id])
  useEffect(() => {
    if (!target) return
    act(async () => {
      await community.jump(channel.id, target)
      if (community.timeline(channel.id).get().messages.some((message) => message.id === target)) return
      ui.arrived()
      ui.notify(words('chat.gone'), 'error')
    })
  }, [community, channel.id, target])

  const latest = useRef({ act, words })
  latest.current = { act, words }
  const actions = useMemo((): ChatActions => {
    const run = (body: () => Promise<unknown>): void => latest.current.act(body)
    const focus = (): void => field.current?.focus()
    return {
      reply: (message) => { setReplyTo(message); focus() },
      edit: setEditing,
      react: (message, emoji) => run(() => community.react(message, emoji)),
      pin: (message) => run(() => community.pin(message, !message.pinned)),
      save: (message, content) => run(() => community.edit(message, content)),
      remove: (message, isSure) => {
        const remove = (): Promise<void> => community.delete(message)
        if (isSure) return run(remove)
        const { words: say } = latest.current
        ui.dialog({ kind: 'confirm', title: say('chat.delete.title'), text: say('chat.delete.text'), action: say('shell.delete'), isDangerous: true, run: remove })
      },
      jump: (message) => ui.open(channel.id, message),
      focus,
    }
  }, [community, ui, channel.id])

  /** The arrow up in an empty field edits what one wrote last. */
  const editLast = (): void => {
    const own = [...community.timeline(channel.id).get().messages].reverse()
      .find((message) => message.user_id === state.me.id && message.type === 'default' && !message.webhook)
    if (own) setEditing(own.id)
  }
  return (
    <ChatContext.Provider value={actions}>
      <header className="chat-head">
        <button className="icon-button phone-only" aria-label={words('shell.channels')} onClick={() => ui.show('channels')}>
          <Icon name="back" size={20} />
        </button>
        <h1><Icon name={channel.type === 'voice' ? 'speaker' : channel.type === 'text' ? 'hash' : 'people'} size={22} /><bdi>{name}</bdi></h1>
        {channel.topic && <p className="topic" title={channel.topic}><MarkdownLine text={channel.topic} /></p>}
        <div className="tools">
          <PinsButton channel={channel} rights={rights} />
          <button className="icon-button" aria-label={words('shell.members.toggle')} aria-pressed={membersShown} onClick={() => ui.toggleMembers()}>
            <Icon name="people" size={22} />
          </button>
          <SearchField channel={channel} value={search} onSearch={setSearch} />
        </div>
      </header>
      <div className="chat-body">
        <div className="chat-column">
          <Timeline channel={channel} rights={rights} editing={editing} />
          {rights.write
            ? <Composer channel={channel} field={field} replyTo={replyTo} onEditLast={editLast} />
            : <p className="composer-closed">{words('chat.readonly')}</p>}
          <Typing channel={channel} />
        </div>
        {search && <SearchPanel key={search} query={search} onClose={() => setSearch('')} />}
      </div>
    </ChatContext.Provider>
  )
}
