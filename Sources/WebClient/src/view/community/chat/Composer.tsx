// Where one writes: text, files, an answer. What was begun stays with the channel; what is sent shows at once.

import { useEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent, type RefObject } from 'react'
import { Problem } from '../../../model/community/http'
import { encodeMentions, mentionText } from '../../../model/community/mentions'
import { may, nameOf } from '../../../model/community/state'
import { Permission, type Channel, type Message } from '../../../model/community/types'
import { LARGEST, MOST } from '../../../model/community/uploads'
import { parseMarkdown, plainText } from '../../../model/markdown'
import { Icon } from '../../icons'
import { useStore, useWords } from '../../useStore'
import { channelName } from '../ChannelList'
import { problemText, useClient, useCommunity } from '../context'
import { useChat } from './chat'
import { EmojiPicker } from './EmojiPicker'
import { FileTray } from './FileTray'
import { LONGEST, TextBox } from './TextBox'
import { uploadsIn } from './upload'

/** From here on the characters that are left are shown. */
const NEARLY_FULL = LONGEST - 300

export function Composer({ channel, field, replyTo, onEditLast }: {
  channel: Channel; field: RefObject<HTMLTextAreaElement>; replyTo: Message | null; onEditLast: () => void
}): JSX.Element {
  const { community, ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const { reply } = useChat()
  const uploads = uploadsIn(community, channel.id)
  const files = useStore(uploads.state)
  const [text, setText] = useState(() => ui.draft(channel.id))
  const [isWaiting, setWaiting] = useState(false)
  // Beside the state: the list of files changes before React has drawn that nothing waits any more.
  const waiting = useRef(false)
  const [picker, setPicker] = useState<HTMLElement | null>(null)
  const [wait, startWait] = useSlowMode(channel)
  const chooser = useRef<HTMLInputElement>(null)

  useEffect(() => { if (matchMedia('(hover: hover)').matches) field.current?.focus() }, [field])
  useFocusOnTyping(field)

  const change = (next: string): void => {
    setText(next)
    ui.setDraft(channel.id, next)
    if (next) community.typing(channel.id)
  }
  const content = encodeMentions(text.trim(), state)
  const left = LONGEST - [...content].length
  const isTooLong = left < 0
  const isEmpty = content === '' && !files.some((upload) => !upload.failure)
  const send = (): void => {
    if (isEmpty || isTooLong || wait > 0) return
    // Files on their way go with it: it is sent when they have arrived.
    waiting.current = uploads.isBusy
    setWaiting(uploads.isBusy)
    if (uploads.isBusy) return
    const attachments = uploads.take()
    if (content === '' && attachments.length === 0) return
    change('')
    reply(null)
    startWait(channel.slow_mode)
    community.send(channel.id, content, attachments, replyTo?.id ?? null).catch((error: unknown) => {
      if (error instanceof Problem && error.retryAfter) startWait(Math.ceil(error.retryAfter))
      ui.notify(problemText(words, error), 'error')
    })
  }
  useEffect(() => { if (waiting.current && !uploads.isBusy) send() }, [files])

  const attach = (list: FileList | File[] | null): void => {
    const refused = uploads.add([...list ?? []])
    if (refused > 0) ui.notify(words('chat.tooManyFiles', { count: MOST }), 'error')
    field.current?.focus()
  }
  const isDropping = useDrop(attach)
  const pasted = (event: ClipboardEvent): void => {
    if (event.clipboardData.files.length === 0) return
    event.preventDefault()
    attach([...event.clipboardData.files].map((file) => named(file)))
  }
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowUp' && text === '') { event.preventDefault(); onEditLast() }
    if (event.key === 'Escape' && replyTo) { event.preventDefault(); reply(null) }
  }
  const insert = (emoji: string): void => {
    const at = field.current?.selectionStart ?? text.length
    change(text.slice(0, at) + emoji + text.slice(field.current?.selectionEnd ?? at))
    requestAnimationFrame(() => { field.current?.focus(); field.current?.setSelectionRange(at + emoji.length, at + emoji.length) })
  }
  const name = channelName(state, channel)
  const label = words(channel.type === 'dm' || channel.type === 'group' ? 'chat.placeholder.conversation' : 'chat.placeholder', { name, channel: name })
  return (
    <form className="composer" onSubmit={(event) => { event.preventDefault(); send() }}>
      {isDropping && (
        <div className="drop" role="status">
          <Icon name="file" size={48} /><b>{words('chat.drop', { channel: name })}</b><span>{words('chat.drop.limit', { size: LARGEST / 1_048_576 })}</span>
        </div>
      )}
      {replyTo && <ReplyBar message={replyTo} />}
      <FileTray uploads={uploads} />
      <div className="composer-row">
        <button type="button" className="icon-button" aria-label={words('chat.attach')} title={words('chat.attach')} onClick={() => chooser.current?.click()}>
          <Icon name="plus" size={22} />
        </button>
        <input ref={chooser} type="file" multiple hidden onChange={(event) => { attach(event.target.files); event.target.value = '' }} />
        <TextBox value={text} channel={channel} label={label} field={field} onChange={change} onSubmit={send} onKey={pressed} onPaste={pasted} />
        {content.length > NEARLY_FULL && (
          <span className={isTooLong ? 'counter over' : 'counter'} aria-label={words('chat.left', { count: left })}>{left}</span>
        )}
        {wait > 0 && <span className="counter" role="timer" title={words('chat.slowMode')}>{words('chat.wait', { seconds: wait })}</span>}
        <button type="button" className="icon-button" aria-label={words('emoji.title')} title={words('emoji.title')} onClick={(event) => setPicker(event.currentTarget)}>
          <Icon name="smile" size={22} />
        </button>
        <button className="icon-button send" aria-label={words('chat.send')} title={words('chat.send')} disabled={isEmpty || isTooLong || wait > 0 || isWaiting}>
          <Icon name="send" size={22} />
        </button>
      </div>
      {picker && <EmojiPicker anchor={picker} onPick={insert} onClose={() => setPicker(null)} />}
    </form>
  )
}

function ReplyBar({ message }: { message: Message }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const { reply, jump } = useChat()
  const author = state.members[message.user_id] ?? message.author
  const text = plainText(parseMarkdown(message.content ?? ''), (node) => mentionText(state, node as never))
  return (
    <div className="reply-bar">
      <button type="button" className="quote" onClick={() => jump(message.id)}>
        {words('chat.replyingTo')} <bdi className="name">{nameOf(author)}</bdi> <bdi className="hint">{text}</bdi>
      </button>
      <button type="button" className="icon-button" aria-label={words('chat.noReply')} onClick={() => reply(null)}>
        <Icon name="close" size={16} />
      </button>
    </div>
  )
}

/** What the clipboard gives has no name of its own. */
function named(file: File): File {
  if (file.name && file.name !== 'image.png') return file
  const at = new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-')
  return new File([file], `${at}.${file.type.split('/')[1]?.replace(/[^a-z0-9]/g, '') || 'bin'}`, { type: file.type })
}

/** Files dragged over the page may be dropped anywhere in the channel. */
function useDrop(take: (files: FileList | null) => void): boolean {
  const [isOver, setOver] = useState(false)
  const latest = useRef(take)
  latest.current = take
  useEffect(() => {
    let depth = 0
    const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent): void => { if (holdsFiles(event)) { event.preventDefault(); depth += 1; setOver(true) } }
    const over = (event: DragEvent): void => { if (holdsFiles(event)) event.preventDefault() }
    const leave = (event: DragEvent): void => { if (holdsFiles(event) && --depth <= 0) { depth = 0; setOver(false) } }
    const drop = (event: DragEvent): void => {
      if (!holdsFiles(event)) return
      event.preventDefault()
      depth = 0
      setOver(false)
      latest.current(event.dataTransfer?.files ?? null)
    }
    window.addEventListener('dragenter', enter)
    window.addEventListener('dragover', over)
    window.addEventListener('dragleave', leave)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragenter', enter)
      window.removeEventListener('dragover', over)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('drop', drop)
    }
  }, [])
  return isOver
}

/** Letters typed anywhere go into the field, as long as nothing else wants them. */
function useFocusOnTyping(field: RefObject<HTMLTextAreaElement>): void {
  useEffect(() => {
    const typed = (event: globalThis.KeyboardEvent): void => {
      if (event.defaultPrevented) return
      const target = event.target as HTMLElement
      const isFree = target === document.body || target.matches('.timeline, .message, button:not(dialog *, .popover *, .menu *)')
      if (isFree && event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) field.current?.focus()
    }
    document.addEventListener('keydown', typed)
    return () => document.removeEventListener('keydown', typed)
  }, [field])
}

/** Seconds until one may write again; kept while one looks elsewhere. */
const waits = new Map<string, number>()

function useSlowMode(channel: Channel): [number, (seconds: number) => void] {
  const state = useCommunity()
  const [, tick] = useState(0)
  const isFree = may(state, Permission.manageMessages, channel.id) || may(state, Permission.bypassSlowMode, channel.id)
  const until = waits.get(channel.id) ?? 0
  const left = isFree ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1_000))
  useEffect(() => {
    if (left === 0) return undefined
    const timer = setTimeout(() => tick((count) => count + 1), 500)
    return () => clearTimeout(timer)
  })
  return [left, (seconds) => { if (seconds > 0) { waits.set(channel.id, Date.now() + seconds * 1_000); tick((count) => count + 1) } }]
}
