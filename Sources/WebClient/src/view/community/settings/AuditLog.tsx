// What was done on the server, by whom, in readable lines.

import { useContext, useEffect, useState } from 'react'
import { nameOf, type CommunityState } from '../../../model/community/state'
import type { Id, User } from '../../../model/community/types'
import { isKey } from '../../../strings/catalogue'
import { Face } from '../../parts/Face'
import { LanguageContext, useWords, type Words } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { moment } from './format'
import { Failure, useTask } from './form'

type Values = Record<string, unknown> | null

interface Entry {
  id: Id
  user_id: Id | null
  action: string
  record_type: string | null
  record_id: string | null
  details: string | null
  reason: string | null
  old_values: Values
  new_values: Values
  created_at: string
}

const PAGE = 50

export function AuditLog(): JSX.Element {
  const { api } = useClient()
  const { members } = useCommunity()
  const words = useWords()
  // Those who have left still have a name in what they did.
  const [gone, setGone] = useState<Record<Id, User>>({})
  const [entries, setEntries] = useState<Entry[]>([])
  const [hasMore, setHasMore] = useState(false)
  const task = useTask()
  const load = (before: Id | undefined): Promise<boolean> => task.run(async () => {
    const answer = await api.get<{ audit_logs: Entry[] }>(`/audit-log?limit=${PAGE}${before ? `&before=${before}` : ''}`)
    setEntries((old) => (before ? [...old, ...answer.audit_logs] : answer.audit_logs))
    setHasMore(answer.audit_logs.length === PAGE)
    const named = answer.audit_logs.flatMap((entry) => [entry.user_id, entry.record_type === 'user' ? entry.record_id : null])
    const strangers = [...new Set(named)].filter((id): id is Id => id !== null && !members[id] && !gone[id])
    const found = await Promise.all(strangers.map((id) => api.get<{ user: User }>(`/users/${id}`).catch(() => null)))
    setGone((old) => ({ ...old, ...Object.fromEntries(found.flatMap((each) => (each ? [[each.user.id, each.user]] : []))) }))
  })
  useEffect(() => { void load(undefined) }, [api])
  return (
    <>
      <ul className="rows">{entries.map((entry) => <EntryRow key={entry.id} entry={entry} people={{ ...gone, ...members }} />)}</ul>
      <Failure text={task.failure} />
      {hasMore && (
        <div><button className="secondary" disabled={task.isBusy} onClick={() => void load(entries[entries.length - 1]?.id)}>{words('audit.more')}</button></div>
      )}
    </>
  )
}

function EntryRow({ entry, people }: { entry: Entry; people: Record<Id, User> }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const language = useContext(LanguageContext)
  const actor = entry.user_id ? people[entry.user_id] : undefined
  const key = `audit.${entry.action}`
  const target = targetOf(state, people, entry)
  const said = isKey(key) ? words(key, { target }) : [entry.action, target].filter(Boolean).join(' ')
  const changes = changesOf(words, entry)
  return (
    <li>
      {actor && <Face person={actor} size={32} />}
      <span className="row-text">
        <span><b><bdi>{actor ? nameOf(actor) : words(entry.user_id ? 'chat.unknownUser' : 'audit.server')}</bdi></b>{' '}{said}</span>
        {entry.details && <span className="hint">{entry.details}</span>}
        {changes && <span className="hint">{changes}</span>}
        {entry.reason && <span className="hint">{words('audit.reason', { reason: entry.reason })}</span>}
        <span className="hint">{moment(language, entry.created_at)}</span>
      </span>
    </li>
  )
}

const nameIn = (values: Values): string | null => (typeof values?.['name'] === 'string' ? values['name'] : null)

/** What it was done to, as people call it. */
function targetOf(state: CommunityState, people: Record<Id, User>, { record_type: type, record_id: id, old_values, new_values }: Entry): string {
  if (!id) return ''
  const person = people[id]
  const known = type === 'user' ? person && nameOf(person)
    : type === 'role' ? state.roles[id]?.name
      : type === 'channel' ? state.channels[id]?.name
        : type === 'category' ? state.categories[id]?.name : undefined
  return known ?? nameIn(new_values) ?? nameIn(old_values) ?? (type === 'invite' ? id : '')
}

/** What changed: plain values only, as old and new. */
function changesOf(words: Words, { old_values: before, new_values: after }: Entry): string {
  if (!before || !after) return ''
  const isPlain = (value: unknown): value is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof value)
  return Object.keys(after).flatMap((field) => {
    const [old, next] = [before[field], after[field]]
    const key = `audit.field.${field}`
    if (!isKey(key) || old === next || !(isPlain(next) || next === null)) return []
    return [`${words(key)}: ${isPlain(old) && old !== '' ? old : '—'} → ${isPlain(next) && next !== '' ? next : '—'}`]
  }).join(', ')
}
