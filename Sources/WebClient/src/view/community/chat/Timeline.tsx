// The messages of a channel: a window into its history that loads more at both ends and never moves what one reads.

import { Fragment, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { mentionText } from '../../../model/community/mentions'
import { colorOf, isUnread, mentions, nameOf } from '../../../model/community/state'
import type { PendingMessage } from '../../../model/community/timeline'
import type { Channel, Id, Message } from '../../../model/community/types'
import { parseMarkdown, plainText } from '../../../model/markdown'
import { Icon } from '../../icons'
import { Face } from '../../parts/Face'
import { LanguageContext, useStore, useWords } from '../../useStore'
import { channelName } from '../ChannelList'
import { useAction, useClient, useCommunity, useInterface } from '../context'
import type { Rights } from './chat'
import { Markdown } from './Markdown'
import { MessageRow } from './MessageRow'
import { ScrollKeeper } from './ScrollKeeper'
import { clock, dayText, isSameDay } from './time'

/** Messages of one author within this time stand under one name, milliseconds. */
const GROUP_TIME = 7 * 60_000
/** So near to an end of what is loaded, in pixels, more is loaded. */
const AHEAD = 1_200
/** How long a message that was jumped to is marked, milliseconds. */
const MARKED = 2_500

export function Timeline({ channel, rights, editing }: { channel: Channel; rights: Rights; editing: Id | null }): JSX.Element {
  const { community, ui } = useClient()
  const state = useCommunity()
  const line = useStore(community.timeline(channel.id))
  const { target } = useInterface()
  const words = useWords()
  const language = useContext(LanguageContext)
  const act = useAction()
  const box = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLOListElement>(null)
  const keeper = useRef<ScrollKeeper | null>(null)
  const [marked, setMarked] = useState<Id | null>(null)
  const [isAway, setAway] = useState(false)
  const [isBarShown, setBarShown] = useState(true)
  const hasNewer = line.hasNewer
  const newest = line.messages[line.messages.length - 1]?.id ?? null
  const isLoaded = line.messages.length > 0 || !line.hasOlder

  // Up to where it was read when the channel was opened; null when nothing is new.
  const [divider, setDivider] = useState<Id | null>(() => (isUnread(state, channel) ? state.readStates[channel.id]?.last_read_message_id ?? '' : null))
  const seen = useRef<Id | null>(null)
  const firstNew = divider === null ? undefined : line.messages.find((message) => message.id > divider && message.user_id !== state.me.id)
  const newCount = firstNew ? line.messages.filter((message) => message.id >= firstNew.id).length : 0
  const isDividerLoaded = firstNew !== undefined && (divider === '' ? !line.hasOlder : line.messages[0] !== firstNew || !line.hasOlder)

  useLayoutEffect(() => {
    if (!box.current || !list.current) return undefined
    const kept = keeper.current = new ScrollKeeper(box.current, list.current, community.places.get(channel.id), (place) => community.places.set(channel.id, place))
    // Pictures, fonts, the composer, the keyboard of a phone: sizes change after the fact.
    const observer = new ResizeObserver(() => kept.restore())
    observer.observe(list.current)
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [community, channel.id])

  const fill = (): void => {
    const kept = keeper.current
    if (!kept || line.messages.length === 0) return
    const { above, below } = kept.room
    if (above < AHEAD && line.hasOlder) act(() => community.loadOlder(channel.id))
    else if (below < AHEAD && line.hasNewer) act(() => community.loadNewer(channel.id))
  }
  const look = (): void => {
    const kept = keeper.current
    if (!kept) return
    kept.note(hasNewer)
    setAway(!kept.isAtEnd && (hasNewer || kept.room.below > 300))
    const row = firstNew && isDividerLoaded ? kept.row(firstNew.id) : null
    if (row && box.current && row.offsetTop >= box.current.scrollTop) setBarShown(false)
    if (kept.isAtEnd) read()
  }
  const read = (): void => {
    if (document.hasFocus()) {
      seen.current = newest
      void community.markRead(channel)
    }
  }

  useLayoutEffect(() => {
    const kept = keeper.current
    if (!kept || !isLoaded) return
    kept.restore()
    if (target && kept.show(target)) {
      setMarked(target)
      ui.arrived()
      kept.row(target)?.focus({ preventScroll: true })
    }
    kept.note(hasNewer)
    setAway(!kept.isAtEnd && (hasNewer || kept.room.below > 300))
  }, [line, target, isLoaded, hasNewer, ui])
  useEffect(fill, [line])
  useEffect(() => {
    const last = line.messages[line.messages.length - 1]
    if (last?.user_id === state.me.id && seen.current !== null && last.id > seen.current) setDivider(null)
    if (keeper.current?.isAtEnd && document.hasFocus()) read()
    // What came while one looked elsewhere is new when one looks here again.
    else if (last && seen.current !== null && last.id > seen.current && !document.hasFocus()) setDivider((old) => old ?? seen.current)
  }, [line, channel.last_message_id])
  useEffect(() => {
    const back = (): void => { if (keeper.current?.isAtEnd) void community.markRead(channel) }
    const away = (): void => { setDivider(null); setBarShown(true); seen.current = newest }
    window.addEventListener('focus', back)
    window.addEventListener('blur', away)
    return () => { window.removeEventListener('focus', back); window.removeEventListener('blur', away) }
  }, [community, channel, newest])
  useEffect(() => {
    if (!marked) return undefined
    const timer = setTimeout(() => setMarked(null), MARKED)
    return () => clearTimeout(timer)
  }, [marked])
  // What is sent is seen, wherever one was.
  useLayoutEffect(() => { if (line.pending.length > 0) keeper.current?.toEnd() }, [line.pending.length])

  const last = line.messages[line.messages.length - 1]
  const [since] = useState(Date.now)
  const spoken = useMemo(() => {
    // What loads is not read out, only what comes.
    if (!last || last.user_id === state.me.id || Date.parse(last.created_at) < since) return ''
    return `${nameOf(state.members[last.user_id] ?? last.author)}: ${plainText(parseMarkdown(last.content ?? ''), (node) => mentionText(state, node as never))}`
  }, [last?.id])

  const toNewest = (): void => act(async () => {
    await community.toNewest(channel.id)
    requestAnimationFrame(() => keeper.current?.toEnd())
  })
  const toUnread = (): void => {
    setBarShown(false)
    if (firstNew && isDividerLoaded) keeper.current?.show(firstNew.id)
    else if (divider) act(async () => { await community.jump(channel.id, divider); ui.open(channel.id, divider) })
    // Nothing was ever read here: ids sort by time, and the channel's is older than all in it.
    else act(async () => {
      await community.jump(channel.id, channel.id)
      const first = community.timeline(channel.id).get().messages[0]
      if (first) ui.open(channel.id, first.id)
    })
  }
  const allRead = (): void => { setDivider(null); void community.markRead(channel) }

  /** Up and down go from message to message. */
  const pressed = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.key === 'Escape' && divider !== null && isBarShown) { event.preventDefault(); return allRead() }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step === 0 || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) return
    const rows = [...list.current?.querySelectorAll<HTMLElement>('.message') ?? []]
    const at = rows.findIndex((row) => row.contains(document.activeElement))
    const next = at < 0 ? rows[rows.length - 1] : rows[at + step]
    if (!next) return
    event.preventDefault()
    next.focus({ preventScroll: true })
    next.scrollIntoView({ block: 'nearest' })
  }
  const isBar = divider !== null && firstNew !== undefined && isBarShown && newCount > 3
  return (
    <div className="timeline-frame">
      <p className="visually-hidden" aria-live="polite">{spoken}</p>
      {isBar && (
        <div className="unread-bar">
          <button onClick={toUnread}>{isDividerLoaded
            ? words('chat.newMessages', { count: newCount, time: clock(language, firstNew.created_at) }) : words('chat.newMessagesMany', { count: newCount })}</button>
          <button onClick={allRead}>{words('shell.markRead')}</button>
        </div>
      )}
      <div className="timeline" ref={box} onScroll={() => { look(); fill() }} onKeyDown={pressed} tabIndex={0} role="log" aria-live="off"
        aria-label={words('chat.log', { channel: channelName(state, channel) })} aria-busy={!isLoaded}>
        {!isLoaded && <Skeleton />}
        {isLoaded && line.hasOlder && <Skeleton />}
        {!line.hasOlder && <Beginning channel={channel} />}
        <ol ref={list}>
          {line.messages.map((message, index) => {
            const before = line.messages[index - 1]
            const isNewDay = !before || !isSameDay(before.created_at, message.created_at)
            const isFirstNew = message === firstNew && isDividerLoaded
            const author = state.members[message.user_id]
            return (
              <Fragment key={message.id}>
                {(isNewDay || isFirstNew) && (
                  <li role="separator" className={isFirstNew ? 'divider new' : 'divider'}>
                    {isNewDay && <span>{dayText(language, message.created_at)}</span>}{isFirstNew && <b>{words('chat.new')}</b>}
                  </li>
                )}
                <MessageRow message={message} author={message.webhook ? message.author : author ?? message.author}
                  color={author && !message.webhook ? colorOf(state, author) : null}
                  isFollowing={!isNewDay && !isFirstNew && follows(message, before)} isMine={message.user_id === state.me.id && !message.webhook}
                  isEditing={editing === message.id} isTarget={marked === message.id} rights={rights}
                  mentionsMe={channel.type !== 'dm' && message.user_id !== state.me.id && mentions(state, message)} />
              </Fragment>
            )
          })}
          {!hasNewer && line.pending.map((pending) => <Pending key={pending.nonce} channel={channel} pending={pending} />)}
        </ol>
      </div>
      {isAway && (
        <button className="to-newest" onClick={toNewest}><span>{words(hasNewer ? 'chat.looksBack' : 'chat.toNewest')}</span><Icon name="down" size={18} /></button>
      )}
    </div>
  )
}

function follows(message: Message, before: Message | undefined): boolean {
  return before !== undefined && before.user_id === message.user_id && before.type === message.type && message.reply_to === null
    && before.webhook?.id === message.webhook?.id && before.author.display_name === message.author.display_name
    && Date.parse(message.created_at) - Date.parse(before.created_at) < GROUP_TIME
}

function Pending({ channel, pending }: { channel: Channel; pending: PendingMessage }): JSX.Element {
  const { community } = useClient()
  const state = useCommunity()
  const words = useWords()
  const act = useAction()
  return (
    <li className={pending.failure ? 'message pending failed' : 'message pending'} tabIndex={-1}>
      <span className="author-face"><Face person={state.members[state.me.id] ?? state.me} size={40} /></span>
      <div className="message-body">
        <Markdown text={pending.content} />
        {pending.attachments.length > 0 && <p className="hint">{words('chat.files', { count: pending.attachments.length })}</p>}
        {pending.failure && (
          <p className="failure" role="alert">{words('chat.failed')}
            <button className="link" onClick={() => act(() => community.retry(channel.id, pending.nonce))}>{words('chat.retry')}</button>
            <button className="link" onClick={() => community.discard(channel.id, pending.nonce)}>{words('chat.discard')}</button>
          </p>
        )}
      </div>
    </li>
  )
}

function Beginning({ channel }: { channel: Channel }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const name = channelName(state, channel)
  const isConversation = channel.type === 'dm' || channel.type === 'group'
  const other = state.members[channel.participants?.find((id) => id !== state.me.id) ?? '']
  return (
    <div className="beginning">
      <span className="mark">{isConversation && other ? <Face person={other} size={64} /> : <Icon name={isConversation ? 'people' : 'hash'} size={40} />}</span>
      <h2>{isConversation ? <bdi>{name}</bdi> : words('chat.welcome', { channel: name })}</h2>
      <p>{words(isConversation ? 'chat.beginning.conversation' : 'chat.beginning', { channel: name })}</p>
    </div>
  )
}

function Skeleton(): JSX.Element {
  return (
    <div className="timeline-skeleton" aria-hidden="true">
      {[70, 40, 85, 55].map((width) => (
        <div key={width} className="skeleton-message">
          <div className="skeleton circle" />
          <div><div className="skeleton line" style={{ width: 120 }} /><div className="skeleton line" style={{ width: `${width}%` }} /></div>
        </div>
      ))}
    </div>
  )
}
