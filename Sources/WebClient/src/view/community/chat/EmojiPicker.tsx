// Choosing an emoji: by sight, by name in either language, with the arrow keys. What was chosen lately comes first.

import { useContext, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { recall, remember } from '../../../model/entry'
import { emojiGroups, emojiName, emojis, findEmojis } from '../../../model/emoji'
import { Popover } from '../../parts/Popover'
import { LanguageContext, useWords } from '../../useStore'

/** Emojis in one row, for the arrow keys; the sheet says the same. */
const COLUMNS = 8
const RECENT = 16

/** Emojis that were chosen lately, the last one first. */
export const recentEmojis = (): string[] => recall('emojis').split(' ').filter(Boolean)

export function rememberEmoji(emoji: string): void {
  remember('emojis', [emoji, ...recentEmojis().filter((known) => known !== emoji)].slice(0, RECENT).join(' '))
}

export function EmojiPicker({ anchor, onPick, onClose }: { anchor: HTMLElement; onPick: (emoji: string) => void; onClose: () => void }): JSX.Element {
  const words = useWords()
  const language = useContext(LanguageContext)
  const [query, setQuery] = useState('')
  const [recent] = useState(recentEmojis)
  const grid = useRef<HTMLDivElement>(null)
  const sections = useMemo(() => (query.trim()
    ? [{ key: 'found', title: words('emoji.found'), list: findEmojis(query, 64).map((entry) => entry.emoji) }]
    : [{ key: 'recent', title: words('emoji.recent'), list: recent },
      ...emojiGroups.map((group) => ({ key: group, title: words(`emoji.${group}`), list: emojis[group].map((entry) => entry.emoji) }))]
  ).filter((section) => section.list.length > 0 || query), [query, recent, words])

  const pick = (emoji: string): void => {
    rememberEmoji(emoji)
    onPick(emoji)
    onClose()
  }
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key]
    if (step === undefined) return
    const buttons = [...grid.current?.querySelectorAll('button') ?? []]
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
    if (at < 0 && step < COLUMNS) return
    event.preventDefault()
    if (at + step < 0) grid.current?.parentElement?.querySelector('input')?.focus()
    else buttons[Math.min(buttons.length - 1, at < 0 ? 0 : at + step)]?.focus()
  }
  const first = sections[0]?.list[0]
  return (
    <Popover anchor={anchor} label={words('emoji.title')} className="emoji-picker" onClose={onClose}>
      <div onKeyDown={move}>
        <input type="search" autoFocus value={query} placeholder={words('emoji.search')} aria-label={words('emoji.search')}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => { if (event.key === 'Enter' && query.trim() && first) { event.preventDefault(); pick(first) } }} />
        <div className="emoji-grid" ref={grid}>
          {sections.map((section) => (
            <section key={section.key} aria-label={section.title}>
              <h3>{section.title}</h3>
              {section.list.length === 0 && <p className="hint">{words('emoji.none')}</p>}
              <div>{section.list.map((emoji) => (
                <button key={emoji} title={emojiName(emoji, language)} aria-label={emojiName(emoji, language)} onClick={() => pick(emoji)}>{emoji}</button>
              ))}</div>
            </section>
          ))}
        </div>
      </div>
    </Popover>
  )
}
