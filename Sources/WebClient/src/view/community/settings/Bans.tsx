// Who is kept out, and the way back for them.

import { useContext, useEffect, useState } from 'react'
import { nameOf } from '../../../model/community/state'
import type { Author, Id } from '../../../model/community/types'
import { Face } from '../../parts/Face'
import { LanguageContext, useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { day } from './format'
import { Failure, Question, useTask } from './form'

interface Ban {
  id: Id
  user: Author | null
  banned_by: Id | null
  reason: string | null
  created_at: string
}

export function Bans(): JSX.Element {
  const { api } = useClient()
  const words = useWords()
  const [bans, setBans] = useState<Ban[] | null>(null)
  const task = useTask()
  const { run } = task
  useEffect(() => { void run(async () => setBans((await api.get<{ bans: Ban[] }>('/bans?limit=100')).bans)) }, [api])
  return (
    <>
      <Failure text={task.failure} />
      {bans?.length === 0 && <p className="hint">{words('bans.none')}</p>}
      <ul className="rows">{(bans ?? []).map((ban) => (
        <BanRow key={ban.id} ban={ban} onGone={() => setBans((old) => old && old.filter(({ id }) => id !== ban.id))} />
      ))}</ul>
    </>
  )
}

function BanRow({ ban, onGone }: { ban: Ban; onGone: () => void }): JSX.Element | null {
  const { api } = useClient()
  const state = useCommunity()
  const words = useWords()
  const language = useContext(LanguageContext)
  const [isAsking, setAsking] = useState(false)
  const user = ban.user
  const by = ban.banned_by ? state.members[ban.banned_by] : undefined
  if (!user) return null
  const name = nameOf(user)
  return (
    <li>
      <Face person={user} size={32} />
      <span className="row-text">
        <span><bdi>{name}</bdi></span>
        <span className="hint">{[ban.reason ?? words('bans.noReason'), by && nameOf(by), day(language, ban.created_at)].filter(Boolean).join(' · ')}</span>
      </span>
      <button className="secondary small" onClick={() => setAsking(true)} aria-label={words('bans.liftOf', { name })}>{words('bans.lift')}</button>
      {isAsking && (
        <Question title={words('bans.lift.title', { name })} text={words('bans.lift.text')} action={words('bans.lift')}
          run={async () => { await api.delete(`/users/${user.id}/ban`); onGone() }} onClose={() => setAsking(false)} />
      )}
    </li>
  )
}
