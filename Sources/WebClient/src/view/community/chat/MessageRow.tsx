// One message: who, when, what, what it answers, what hangs on it, and what may be done with it.

import { memo, useContext, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react'
import { mentionText } from '../../../model/community/mentions'
import { nameOf } from '../../../model/community/state'
import type { Author, Message, User } from '../../../model/community/types'
import { parseMarkdown, plainText } from '../../../model/markdown'
import { Icon } from '../../icons'
import { Face } from '../../parts/Face'
import { useMenu, type MenuEntries } from '../../parts/Menu'
import { LanguageContext, useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { Attachments } from './Attachments'
import { useChat, type Rights } from './chat'
import { EditBox } from './EditBox'
import { EmojiPicker, recentEmojis } from './EmojiPicker'
import { Markdown } from './Markdown'
import { Reactions } from './Reactions'
import { nameColor } from './color'
import { clock, fullTime, timeText } from './time'

const QUICK = ['👍', '❤️', '😂']

interface Props {
  message: Message
  author: User | Author
  color: string | null
  isFollowing: boolean
  isMine: boolean
  isEditing: boolean
  isTarget: boolean
  mentionsMe: boolean
  rights: Rights
}

export const MessageRow = memo(function MessageRow(props: Props): JSX.Element {
  const { message, author, color, isFollowing, isMine, isEditing, isTarget, mentionsMe, rights } = props
  const { ui } = useClient()
  const words = useWords()
  const language = useContext(LanguageContext)
  const chat = useChat()
  const [isActive, setActive] = useState(false)
  const [picker, setPicker] = useState<HTMLElement | null>(null)
  const row = useRef<HTMLLIElement>(null)
  const menu = useMessageMenu(message, isMine, rights, () => setPicker(row.current))
  const openProfile = (): void => { if (!message.webhook) ui.dialog({ kind: 'profile', user: message.user_id }) }

  const pressed = (event: KeyboardEvent<HTMLLIElement>): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
    const acts: Record<string, (() => void) | false> = {
      r: rights.write && (() => chat.reply(message)),
      e: isMine && (() => chat.edit(message.id)),
      p: rights.pin && (() => chat.pin(message)),
      '+': rights.write && (() => setPicker(row.current)), Delete: (isMine || rights.manage) && (() => chat.remove(message, event.shiftKey)),
    }
    const run = acts[event.key]
    if (!run) return
    event.preventDefault()
    run()
  }
  const className = ['message', isFollowing && 'following', isTarget && 'target', mentionsMe && 'mentions-me', isEditing && 'editing'].filter(Boolean).join(' ')
  if (message.type === 'system') {
    return (
      <li ref={row} className="message system" data-message={message.id} tabIndex={-1}>
        <Icon name="right" size={16} /><Markdown text={message.content ?? ''} />
        <time dateTime={message.created_at}>{timeText(words, language, message.created_at, Date.now())}</time>
      </li>
    )
  }
  return (
    <li ref={row} className={className} data-message={message.id} tabIndex={-1} onKeyDown={pressed} onContextMenu={menu}
      aria-label={words('chat.messageOf', { name: nameOf(author), time: timeText(words, language, message.created_at, Date.now()) })}
      onMouseEnter={() => setActive(true)} onMouseLeave={() => setActive(false)} onFocus={() => setActive(true)}
      onBlur={(event) => { if (!event.currentTarget.contains(event.relatedTarget)) setActive(false) }}>
      {message.reply_to && <ReplyLine reply={message.reply_to} />}
      {isFollowing
        ? <time className="margin-time" dateTime={message.created_at} title={fullTime(language, message.created_at)}>{clock(language, message.created_at)}</time>
        : <button className="author-face" tabIndex={-1} aria-hidden="true" onClick={openProfile}><Face person={author} size={40} /></button>}
      <div className="message-body">
        {!isFollowing && (
          <p className="by">
            <button className="name" style={nameColor(color)} onClick={openProfile}><bdi>{nameOf(author)}</bdi></button>
            {author.bot && <span className="tag">BOT</span>}
            <time dateTime={message.created_at} title={fullTime(language, message.created_at)}>{timeText(words, language, message.created_at, Date.now())}</time>
            {message.pinned && (
              <span className="pinned" title={words('chat.pinned')}><Icon name="pin" size={12} /><span className="visually-hidden">{words('chat.pinned')}</span></span>
            )}
          </p>
        )}
        {isEditing
          ? <EditBox message={message} />
          : message.content && <Markdown text={message.content} after={message.edited_at && edited(words('chat.edited'), fullTime(language, message.edited_at))} />}
        {isFollowing && message.pinned && <p className="pinned hint"><Icon name="pin" size={12} /> {words('chat.pinned')}</p>}
        <Attachments list={message.attachments} />
        <Reactions message={message} canReact={rights.write} />
      </div>
      {(isActive || picker) && !isEditing && (
        <Toolbar message={message} isMine={isMine} rights={rights} onPick={setPicker} onMenu={menu} />
      )}
      {picker && <EmojiPicker anchor={picker} onPick={(emoji) => chat.react(message, emoji)} onClose={() => setPicker(null)} />}
    </li>
  )
})

// A component would be new each time; this is one element for one text.
const edited = (text: string, at: string): JSX.Element => <span className="edited" title={at}> {text}</span>

function Toolbar({ message, isMine, rights, onPick, onMenu }: {
  message: Message; isMine: boolean; rights: Rights; onPick: (anchor: HTMLElement) => void; onMenu: (event: MouseEvent) => void
}): JSX.Element {
  const words = useWords()
  const chat = useChat()
  const [quick] = useState(() => [...new Set([...recentEmojis(), ...QUICK])].slice(0, 3))
  return (
    <div className="message-tools" role="toolbar" aria-label={words('chat.tools')}>
      {rights.write && quick.map((emoji) => (
        <button key={emoji} className="icon-button quick" aria-label={words('chat.reactWith', { emoji })} onClick={() => chat.react(message, emoji)}>{emoji}</button>
      ))}
      {rights.write && <Tool name="smile" label={words('chat.react')} onClick={(event) => onPick(event.currentTarget)} />}
      {isMine
        ? <Tool name="edit" label={words('chat.edit')} onClick={() => chat.edit(message.id)} />
        : rights.write && <Tool name="reply" label={words('chat.reply')} onClick={() => chat.reply(message)} />}
      <Tool name="more" label={words('chat.more')} onClick={onMenu} />
    </div>
  )
}

function Tool({ name, label, onClick }: { name: Parameters<typeof Icon>[0]['name']; label: string; onClick: (event: MouseEvent<HTMLButtonElement>) => void }): JSX.Element {
  return <button className="icon-button" aria-label={label} title={label} onClick={onClick}><Icon name={name} size={20} /></button>
}

/** What may be done with a message; what one may not do is not shown. */
function useMessageMenu(message: Message, isMine: boolean, rights: Rights, pick: () => void): (event: MouseEvent) => void {
  const { ui } = useClient()
  const words = useWords()
  const open = useMenu()
  const chat = useChat()
  const copy = (text: string): void => { void navigator.clipboard?.writeText(text).then(() => ui.notify(words('shell.copied'))) }
  return (event) => {
    const target = event.target as HTMLElement
    // The browser's own menu for links, selected text and what is being edited.
    if (event.type === 'contextmenu' && (target.closest('a, textarea, input') || !getSelection()?.isCollapsed)) return
    const entries: MenuEntries = []
    if (rights.write) entries.push({ label: words('chat.react'), run: pick }, { label: words('chat.reply'), run: () => chat.reply(message) })
    if (isMine) entries.push({ label: words('chat.edit'), run: () => chat.edit(message.id) })
    if (rights.pin) entries.push({ label: words(message.pinned ? 'chat.unpin' : 'chat.pin'), run: () => chat.pin(message) })
    if (message.content) entries.push({ label: words('chat.copyText'), run: () => copy(message.content) })
    entries.push({ label: words('chat.copyLink'), run: () => copy(`${location.origin}/#/channels/${message.channel_id}/${message.id}`) })
    if (isMine || rights.manage) entries.push(null, { label: words('chat.delete'), isDangerous: true, run: () => chat.remove(message, false) })
    open(event, entries)
  }
}

function ReplyLine({ reply }: { reply: NonNullable<Message['reply_to']> }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const { jump } = useChat()
  const member = state.members[reply.user_id ?? '']
  const isGone = reply.content === null && !reply.user_id
  const text = isGone ? words('chat.deleted') : plainText(parseMarkdown(reply.content ?? ''), (node) => mentionText(state, node as never)).trim() || words('chat.attachment')
  return (
    <button className="reply-line" disabled={isGone} onClick={() => jump(reply.id)} aria-label={words('chat.replyTo', { name: member ? nameOf(member) : '?', text })}>
      {member && <><Face person={member} size={16} /><bdi className="name">{nameOf(member)}</bdi></>}
      <bdi className={isGone ? 'text gone' : 'text'}>{text}</bdi>
    </button>
  )
}
