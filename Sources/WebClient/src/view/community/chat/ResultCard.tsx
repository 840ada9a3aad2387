// A message away from its place: in search results and among pinned ones. Choosing it goes there.

import { useContext, type ReactNode } from 'react'
import { colorOf, nameOf } from '../../../model/community/state'
import { mentionText } from '../../../model/community/mentions'
import type { Message } from '../../../model/community/types'
import { parseMarkdown, plainText } from '../../../model/markdown'
import { Icon } from '../../icons'
import { Face } from '../../parts/Face'
import { LanguageContext, useWords } from '../../useStore'
import { useCommunity } from '../context'
import { nameColor } from './color'
import { timeText } from './time'

/** A message as the search answers it: with the part that was found, and where in it the hits
 * begin and how long they are. */
export type Found = Message & { snippet?: { text: string; highlights: [number, number][] } }

export function ResultCard({ message, onOpen, children }: { message: Found; onOpen: () => void; children?: ReactNode }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const language = useContext(LanguageContext)
  const member = state.members[message.user_id]
  const author = message.webhook ? message.author : member ?? message.author
  const text = message.snippet?.highlights.length
    ? <Highlighted text={message.snippet.text} places={message.snippet.highlights} />
    : plainText(parseMarkdown(message.content ?? ''), (node) => mentionText(state, node as never))
  return (
    <li className="result">
      <button onClick={onOpen}>
        <Face person={author} size={32} />
        <span className="by">
          <bdi className="name" style={nameColor(member ? colorOf(state, member) : null)}>{nameOf(author)}</bdi>
          <time dateTime={message.created_at}>{timeText(words, language, message.created_at, Date.now())}</time>
        </span>
        <span className="text" dir="auto">{text}</span>
        {message.attachments.length > 0 && <span className="hint"><Icon name="file" size={14} />{words('chat.files', { count: message.attachments.length })}</span>}
      </button>
      {children}
    </li>
  )
}

function Highlighted({ text, places }: { text: string; places: [number, number][] }): JSX.Element {
  const parts: ReactNode[] = []
  let at = 0
  for (const [from, length] of places) {
    parts.push(text.slice(at, from), <mark key={from}>{text.slice(from, from + length)}</mark>)
    at = from + length
  }
  return <>{parts}{text.slice(at)}</>
}
