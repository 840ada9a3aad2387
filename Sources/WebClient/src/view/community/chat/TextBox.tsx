// A text field for messages: Enter sends, Shift and Enter begin a line, and @, # and : offer what could be meant.

import { useContext, useLayoutEffect, useMemo, useRef, useState, type ClipboardEvent, type KeyboardEvent, type RefObject } from 'react'
import { emojiName, findEmojis, folded } from '../../../model/emoji'
import { may, nameOf, type CommunityState } from '../../../model/community/state'
import { Permission, type Channel } from '../../../model/community/types'
import { Icon } from '../../icons'
import { Face } from '../../parts/Face'
import { LanguageContext, useWords } from '../../useStore'
import { useCommunity } from '../context'

/** The server's limit, characters. */
export const LONGEST = 4_000
/** What is offered at once. */
const OFFERED = 8

interface Offer {
  key: string
  /** What is put into the text. */
  insert: string
  label: string
  detail: string
  icon: JSX.Element
}

interface Props {
  value: string
  channel: Channel
  label: string
  field: RefObject<HTMLTextAreaElement>
  onChange: (text: string) => void
  onSubmit: () => void
  onKey?: (event: KeyboardEvent<HTMLTextAreaElement>) => void
  onPaste?: (event: ClipboardEvent) => void
}

export function TextBox({ value, channel, label, field, onChange, onSubmit, onKey, onPaste }: Props): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const language = useContext(LanguageContext)
  const [caret, setCaret] = useState(0)
  const [chosen, setChosen] = useState(0)
  const [closedAt, setClosedAt] = useState('')
  const token = useMemo(() => tokenAt(value, caret), [value, caret])
  const shown = token && token.text !== closedAt ? token : null
  const offers = useMemo(() => (shown ? offersFor(shown, state, channel, language) : []), [shown, state.members, state.roles, channel, language])
  const nextCaret = useRef<number | null>(null)

  useLayoutEffect(() => {
    const box = field.current
    if (!box) return
    box.style.height = 'auto'
    box.style.height = `${box.scrollHeight}px`
    if (nextCaret.current !== null) box.setSelectionRange(nextCaret.current, nextCaret.current)
    nextCaret.current = null
  }, [value, field])

  const take = (offer: Offer | undefined): void => {
    if (!shown || !offer) return
    const start = caret - shown.text.length
    onChange(value.slice(0, start) + offer.insert + value.slice(caret))
    nextCaret.current = start + offer.insert.length
    setCaret(nextCaret.current)
    field.current?.focus()
  }
  const pressed = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing) return
    if (offers.length > 0) {
      const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
      if (step !== 0) { event.preventDefault(); return setChosen((chosen + step + offers.length) % offers.length) }
      if (event.key === 'Tab' || event.key === 'Enter') { event.preventDefault(); return take(offers[chosen] ?? offers[0]) }
      if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); return setClosedAt(shown?.text ?? '') }
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      return onSubmit()
    }
    onKey?.(event)
  }
  const selected = Math.min(chosen, offers.length - 1)
  return (
    <div className="text-box">
      {offers.length > 0 && (
        <ul className="offers" role="listbox" id="offers" aria-label={words('chat.offers')}>
          {offers.map((offer, index) => (
            <li key={offer.key} id={`offer-${index}`} role="option" aria-selected={index === selected}
              onMouseEnter={() => setChosen(index)} onMouseDown={(event) => { event.preventDefault(); take(offer) }}>
              {offer.icon}<bdi className="name">{offer.label}</bdi><span className="hint">{offer.detail}</span>
            </li>
          ))}
        </ul>
      )}
      <textarea ref={field} rows={1} value={value} placeholder={label} aria-label={label} dir="auto" spellCheck
        aria-autocomplete="list" aria-expanded={offers.length > 0} aria-controls="offers"
        aria-activedescendant={offers.length > 0 ? `offer-${selected}` : undefined}
        onChange={(event) => { setChosen(0); setClosedAt(''); setCaret(event.target.selectionStart); onChange(event.target.value) }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart)} onKeyDown={pressed} onPaste={onPaste} />
    </div>
  )
}

interface Token {
  sign: '@' | '#' | ':'
  query: string
  /** As it stands in the text. */
  text: string
}

/** What is being typed before the caret, if it begins with one of the signs. */
export function tokenAt(text: string, caret: number): Token | null {
  const near = text.slice(Math.max(0, caret - 40), caret)
  const match = /(?:^|[\s(])([@#:])([\p{L}\p{N}_.+-]{0,32})$/u.exec(near)
  if (!match) return null
  const sign = match[1] as Token['sign']
  const query = match[2] ?? ''
  return sign === ':' && query.length < 2 ? null : { sign, query, text: sign + query }
}

function offersFor(token: Token, state: CommunityState, channel: Channel, language: 'tr' | 'en'): Offer[] {
  if (token.sign === ':') {
    return findEmojis(token.query, OFFERED).map(({ emoji }) => (
      { key: emoji, insert: `${emoji} `, label: emojiName(emoji, language), detail: '', icon: <span aria-hidden="true">{emoji}</span> }))
  }
  const wanted = folded(token.query)
  if (token.sign === '#') {
    return Object.values(state.channels).filter((candidate) => candidate.type === 'text' || candidate.type === 'voice')
      .filter((candidate) => folded(candidate.name).includes(wanted)).sort((a, b) => rank(a.name, wanted) - rank(b.name, wanted)).slice(0, OFFERED)
      .map((candidate) => ({
        key: candidate.id, insert: `#${candidate.name} `, label: candidate.name, detail: '',
        icon: <Icon name={candidate.type === 'voice' ? 'speaker' : 'hash'} size={18} />,
      }))
  }
  const people = Object.values(state.members).filter((member) => !channel.participants || channel.participants.includes(member.id))
    .filter((member) => folded(member.username).includes(wanted) || folded(nameOf(member)).includes(wanted))
    .sort((a, b) => Math.min(rank(a.username, wanted), rank(nameOf(a), wanted)) - Math.min(rank(b.username, wanted), rank(nameOf(b), wanted)))
    .slice(0, OFFERED)
    .map((member): Offer => ({
      key: member.id, insert: `@${member.username} `, label: nameOf(member), detail: nameOf(member) === member.username ? '' : member.username,
      icon: <Face person={member} size={24} />,
    }))
  if (channel.participants) return people
  const mayAll = may(state, Permission.mentionEveryone, channel.id)
  const roles = Object.values(state.roles).filter((role) => !role.is_default && (role.mentionable || mayAll) && folded(role.name).includes(wanted))
    .map((role): Offer => ({ key: role.id, insert: `@${role.name} `, label: `@${role.name}`, detail: '', icon: <Icon name="people" size={18} /> }))
  const all = mayAll ? ['everyone', 'here'].filter((word) => word.startsWith(wanted))
    .map((word): Offer => ({ key: word, insert: `@${word} `, label: `@${word}`, detail: '', icon: <Icon name="people" size={18} /> })) : []
  return [...people, ...roles, ...all].slice(0, OFFERED)
}

const rank = (name: string, wanted: string): number => (folded(name).startsWith(wanted) ? 0 : 1)
