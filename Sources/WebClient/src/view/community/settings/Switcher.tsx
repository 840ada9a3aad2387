// Ctrl+K: to a channel or a person by a few letters of the name.

import { useContext, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { channelGroups, nameOf, type CommunityState } from '../../../model/community/state'
import type { Channel, User } from '../../../model/community/types'
import type { Language } from '../../../strings/catalogue'
import { Icon } from '../../icons'
import { Face } from '../../parts/Face'
import { Modal } from '../../parts/Modal'
import { LanguageContext, useWords } from '../../useStore'
import { useAction, useClient, useCommunity } from '../context'

type Place = { name: string; aside: string } & ({ channel: Channel } | { person: User })

/** What is shown at once. */
const MOST = 12

export function Switcher({ onClose }: { onClose: () => void }): JSX.Element {
  const { community, ui, voice } = useClient()
  const state = useCommunity()
  const words = useWords()
  const act = useAction()
  const language = useContext(LanguageContext)
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLUListElement>(null)
  const all = useMemo(() => placesOf(state), [state])
  const found = useMemo(() => matching(all, query, language).slice(0, MOST), [all, query, language])

  const go = (place: Place | undefined): void => {
    if (!place) return
    onClose()
    if ('person' in place) return act(async () => ui.open(await community.converse(place.person.id)))
    if (place.channel.type === 'voice') void voice.join(place.channel)
    ui.open(place.channel.id)
  }
  const pressed = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined && found.length > 0) {
      event.preventDefault()
      const next = (at + step + found.length) % found.length
      setAt(next)
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
    }
    if (event.key === 'Enter') { event.preventDefault(); go(found[at]) }
  }
  return (
    <Modal title={words('switcher.title')} onClose={onClose}>
      <input className="switcher-input" role="combobox" aria-expanded="true" aria-controls="places" aria-activedescendant={found[at] && `place-${at}`}
        aria-label={words('switcher.title')} placeholder={words('switcher.hint')} value={query} autoFocus autoComplete="off" onKeyDown={pressed}
        onChange={(event) => { setQuery(event.target.value); setAt(0) }} />
      {found.length === 0 && <p className="hint">{words('switcher.none')}</p>}
      <ul ref={list} className="places" id="places" role="listbox" aria-label={words('switcher.title')}>
        {found.map((place, index) => (
          <li key={'person' in place ? place.person.id : place.channel.id} id={`place-${index}`} role="option" aria-selected={index === at}
            onMouseMove={() => setAt(index)} onClick={() => go(place)}>
            {'person' in place
              ? <Face person={place.person} size={24} status={state.presences[place.person.id] ?? 'offline'} />
              : <Icon name={place.channel.type === 'voice' ? 'speaker' : place.channel.type === 'text' ? 'hash' : 'people'} size={20} />}
            <span className="name"><bdi>{place.name}</bdi></span><span className="hint">{place.aside}</span>
          </li>
        ))}
      </ul>
    </Modal>
  )
}

function placesOf(state: CommunityState): Place[] {
  const channels = channelGroups(state).flatMap(({ category, channels: inside }) =>
    inside.map((channel) => ({ channel, name: channel.name, aside: category?.name ?? '' })))
  const groups = Object.values(state.channels).filter((channel) => channel.type === 'group').map((channel) => ({
    channel, aside: '', name: channel.name || (channel.participants ?? []).flatMap((id) => {
      const member = id === state.me.id ? undefined : state.members[id]
      return member ? [nameOf(member)] : []
    }).join(', '),
  }))
  const people = Object.values(state.members).filter((member) => member.id !== state.me.id && !member.bot)
    .map((person) => ({ person, name: nameOf(person), aside: person.username }))
  return [...channels, ...groups, ...people]
}

/** Names that begin with what was typed come first, then those that have it anywhere. */
function matching(places: Place[], query: string, language: Language): Place[] {
  const lower = (text: string): string => text.toLocaleLowerCase(language)
  const wanted = lower(query.trim().replace(/^[#@]/, ''))
  if (!wanted) return places
  const score = (place: Place): number => {
    const names = [lower(place.name), 'person' in place ? lower(place.person.username) : '']
    return names.some((name) => name.startsWith(wanted)) ? 0 : names.some((name) => name.includes(wanted)) ? 1 : 2
  }
  return places.map((place) => ({ place, score: score(place) })).filter((entry) => entry.score < 2)
    .sort((a, b) => a.score - b.score).map((entry) => entry.place)
}
