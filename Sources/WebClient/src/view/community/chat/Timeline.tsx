// The messages of a channel: grouped by author, with days between, loading more at both ends.

import { useContext, useEffect, useLayoutEffect, useRef } from 'react'
import type { Channel, Message } from '../../../model/community/types'
import { nameOf } from '../../../model/community/state'
import { Face } from '../../parts/Face'
import { LanguageContext, useStore, useWords } from '../../useStore'
import { useAction, useClient, useCommunity } from '../context'
import { timeText } from './time'

/** Messages of one author within this time stand under one name, milliseconds. */
const GROUP_TIME = 7 * 60_000

export function Timeline({ channel }: { channel: Channel }): JSX.Element {
  const { community } = useClient()
  const line = useStore(community.timeline(channel.id))
  const words = useWords()
  const act = useAction()
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const height = useRef(0)

  useLayoutEffect(() => {
    const list = box.current
    if (!list) return
    // What was loaded above must not move what is being read.
    if (atEnd.current) list.scrollTop = list.scrollHeight
    else if (list.scrollTop < 200) list.scrollTop += list.scrollHeight - height.current
    height.current = list.scrollHeight
  }, [line])
  useEffect(() => { if (atEnd.current && document.hasFocus()) void community.markRead(channel) }, [community, channel, line])

  const scrolled = (): void => {
    const list = box.current
    if (!list) return
    atEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < 40
    if (list.scrollTop < 600) act(() => community.loadOlder(channel.id))
    if (list.scrollHeight - list.scrollTop - list.clientHeight < 600) act(() => community.loadNewer(channel.id))
  }
  return (
    <div className="timeline" ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-label={channel.name}>
      {!line.hasOlder && <h2 className="beginning">{words('chat.beginning', { channel: channel.name })}</h2>}
      <ol>
        {line.messages.map((message, index) => (
          <MessageRow key={message.id} message={message} isFollowing={follows(message, line.messages[index - 1])} />
        ))}
        {line.pending.map((pending) => (
          <li key={pending.nonce} className={pending.failure ? 'message pending failed' : 'message pending'}>
            <div className="content">{pending.content}</div>
            {pending.failure && (
              <p className="failure" role="alert">{words('chat.failed')}
                <button className="link" onClick={() => act(() => community.retry(channel.id, pending.nonce))}>{words('chat.retry')}</button>
                <button className="link" onClick={() => community.discard(channel.id, pending.nonce)}>{words('chat.discard')}</button>
              </p>
            )}
          </li>
        ))}
      </ol>
    </div>
  )
}

function follows(message: Message, before: Message | undefined): boolean {
  return before !== undefined && before.user_id === message.user_id && message.reply_to === null
    && Date.parse(message.created_at) - Date.parse(before.created_at) < GROUP_TIME
}

function MessageRow({ message, isFollowing }: { message: Message; isFollowing: boolean }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const language = useContext(LanguageContext)
  const author = state.members[message.user_id] ?? message.author
  return (
    <li className={isFollowing ? 'message following' : 'message'} data-message={message.id}>
      {!isFollowing && <Face person={author} size={40} />}
      <div className="message-body">
        {!isFollowing && (
          <p className="by"><span className="name">{nameOf(author)}</span>
            <time dateTime={message.created_at}>{timeText(words, language, message.created_at, Date.now())}</time></p>
        )}
        <div className="content">{message.content}{message.edited_at && <span className="edited"> {words('chat.edited')}</span>}</div>
      </div>
    </li>
  )
}
