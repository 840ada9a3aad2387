// Finding messages: a field with filters that explain themselves, and a panel of results that lead to their places.

import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { folded } from '../../../model/emoji'
import { nameOf } from '../../../model/community/state'
import type { Channel, Id } from '../../../model/community/types'
import { contents, filters, quoted, typedFilter } from '../../../model/search'
import { Icon } from '../../icons'
import { useWords } from '../../useStore'
import { channelName } from '../ChannelList'
import { problemText, useClient, useCommunity } from '../context'
import { ResultCard, type Found } from './ResultCard'

const OFFERED = 6

interface Hint {
  key: string
  text: string
  detail: string
  /** What stands in the field once it is chosen. */
  query: string
}

export function SearchField({ channel, value, onSearch }: { channel: Channel; value: string; onSearch: (query: string) => void }): JSX.Element {
  const words = useWords()
  const [query, setQuery] = useState(value)
  const [isOpen, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const field = useRef<HTMLInputElement>(null)
  const hints = useHints(query, channel)
  useEffect(() => { if (!value) setQuery('') }, [value])
  useEffect(() => {
    const find = (event: globalThis.KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'f' || event.shiftKey || document.querySelector('dialog[open]')) return
      event.preventDefault()
      field.current?.focus()
      field.current?.select()
    }
    document.addEventListener('keydown', find)
    return () => document.removeEventListener('keydown', find)
  }, [])
  const take = (hint: Hint): void => {
    setQuery(hint.query)
    setChosen(-1)
    field.current?.focus()
  }
  const pressed = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && hints.length > 0) { event.preventDefault(); return setChosen((chosen + step + hints.length + (chosen < 0 && step < 0 ? 1 : 0)) % hints.length) }
    if (event.key === 'Enter') {
      event.preventDefault()
      const hint = hints[chosen]
      if (hint) return take(hint)
      setOpen(false)
      onSearch(query.trim())
    }
    if (event.key === 'Escape') {
      event.preventDefault()
      if (query || value) { setQuery(''); onSearch('') } else field.current?.blur()
    }
  }
  return (
    <div className="search-field" role="search" onBlur={(event) => { if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false) }}>
      <input ref={field} type="search" value={query} placeholder={words('search.placeholder')} aria-label={words('search.label')} maxLength={512}
        role="combobox" aria-expanded={isOpen && hints.length > 0} aria-controls="search-hints" aria-autocomplete="list"
        aria-activedescendant={isOpen && chosen >= 0 ? `hint-${chosen}` : undefined}
        onFocus={() => setOpen(true)} onChange={(event) => { setQuery(event.target.value); setChosen(-1); setOpen(true) }} onKeyDown={pressed} />
      <Icon name="search" size={16} />
      {isOpen && hints.length > 0 && (
        <ul className="hints" role="listbox" id="search-hints" aria-label={words('search.filters')}>
          {hints.map((hint, index) => (
            <li key={hint.key} id={`hint-${index}`} role="option" aria-selected={index === chosen} onMouseDown={(event) => { event.preventDefault(); take(hint) }}>
              <b>{hint.text}</b> <span className="hint">{hint.detail}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** What could be written next. */
function useHints(query: string, channel: Channel): Hint[] {
  const state = useCommunity()
  const words = useWords()
  const { filter, value, start } = typedFilter(query)
  const before = query.slice(0, start)
  const wanted = folded(value)
  const hint = (text: string, detail: string): Hint => ({ key: text, text: `${filter}:${text}`, detail, query: `${before}${filter}:${quoted(text)} ` })
  switch (filter) {
    case 'from':
    case 'mentions':
      return Object.values(state.members).filter((member) => folded(member.username).includes(wanted) || folded(nameOf(member)).includes(wanted))
        .slice(0, OFFERED).map((member) => hint(member.username, nameOf(member)))
    case 'in':
      return Object.values(state.channels).filter((known) => known.type === 'text' && folded(known.name).includes(wanted))
        .sort((a, b) => Number(b.id === channel.id) - Number(a.id === channel.id)).slice(0, OFFERED).map((known) => hint(known.name, ''))
    case 'has': return contents.filter((kind) => kind.startsWith(wanted)).map((kind) => hint(kind, words(`search.has.${kind}`)))
    case 'pinned': return ['true', 'false'].filter((text) => text.startsWith(wanted)).map((text) => hint(text, ''))
    case 'before':
    case 'after': {
      const today = new Date()
      const day = (back: number): string => new Date(today.getTime() - back * 86_400_000).toISOString().slice(0, 10)
      return [0, 7, 30].map(day).filter((text) => text.startsWith(value)).map((text) => hint(text, ''))
    }
    default:
      return filters.filter((name) => name.startsWith(wanted)).map((name) => (
        { key: name, text: `${name}:`, detail: words(`search.${name}`), query: `${before}${name}:` }))
  }
}

type Result = { state: 'loading' } | { state: 'found'; messages: Found[]; next: Id | null } | { state: 'failed'; text: string }

export function SearchPanel({ query, onClose }: { query: string; onClose: () => void }): JSX.Element {
  const { api, ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const [result, setResult] = useState<Result>({ state: 'loading' })
  const [isLoadingMore, setLoadingMore] = useState(false)
  const page = (cursor: Id | null): Promise<{ messages: Found[]; next: Id | null }> =>
    api.get(`/search?q=${encodeURIComponent(query)}${cursor ? `&cursor=${cursor}` : ''}`)
  useEffect(() => {
    let isGone = false
    page(null).then(
      (found) => { if (!isGone) setResult({ state: 'found', ...found }) },
      (error: unknown) => { if (!isGone) setResult({ state: 'failed', text: problemText(words, error) }) })
    return () => { isGone = true }
  }, [query])
  const more = async (): Promise<void> => {
    if (result.state !== 'found' || !result.next || isLoadingMore) return
    setLoadingMore(true)
    try {
      const next = await page(result.next)
      setResult({ state: 'found', messages: [...result.messages, ...next.messages], next: next.next })
    } catch (error) {
      ui.notify(problemText(words, error), 'error')
    } finally {
      setLoadingMore(false)
    }
  }
  return (
    <aside className="search-panel" aria-label={words('search.results')} onKeyDown={(event) => { if (event.key === 'Escape') onClose() }}>
      <header>
        <h2 role="status">{result.state === 'found'
          ? words(result.next ? 'search.countMore' : 'search.count', { count: result.messages.length })
          : words('search.searching')}</h2>
        <button className="icon-button" aria-label={words('shell.close')} onClick={onClose}><Icon name="close" size={20} /></button>
      </header>
      <div className="results-box">
        {result.state === 'loading' && [1, 2, 3].map((row) => <div key={row} className="skeleton line" />)}
        {result.state === 'failed' && <p className="empty-note">{result.text}</p>}
        {result.state === 'found' && result.messages.length === 0 && <p className="empty-note"><Icon name="search" size={40} />{words('search.none')}</p>}
        {result.state === 'found' && (
          <ul className="results">
            {result.messages.map((message, index) => {
              const channel = state.channels[message.channel_id]
              const isNewChannel = message.channel_id !== result.messages[index - 1]?.channel_id
              return [
                isNewChannel && channel && (
                  <li key={`in ${message.id}`} className="result-channel"><Icon name={channel.type === 'text' ? 'hash' : 'people'} size={16} />{channelName(state, channel)}</li>
                ),
                <ResultCard key={message.id} message={message} onOpen={() => ui.open(message.channel_id, message.id)} />,
              ]
            })}
          </ul>
        )}
        {result.state === 'found' && result.next && <button className="secondary" disabled={isLoadingMore} onClick={() => void more()}>{words('search.more')}</button>}
      </div>
    </aside>
  )
}
