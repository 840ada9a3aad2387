// All members by name; each opens the card with what one may do.

import { useContext, useState } from 'react'
import { rolesInOrder } from '../../../model/community/ranks'
import { colorOf, nameOf } from '../../../model/community/state'
import type { Id, User } from '../../../model/community/types'
import { Face } from '../../parts/Face'
import { LanguageContext, useWords } from '../../useStore'
import { useCommunity } from '../context'
import { Profile } from './Profile'

/** Rows that are drawn at once; beyond that people search. */
const MOST = 200

export function Members(): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const language = useContext(LanguageContext)
  const [query, setQuery] = useState('')
  const [open, setOpen] = useState<Id | null>(null)
  const wanted = query.trim().toLocaleLowerCase(language)
  const collator = new Intl.Collator(language, { sensitivity: 'base' })
  const found = Object.values(state.members)
    .filter((member) => !wanted || `${nameOf(member)} ${member.username}`.toLocaleLowerCase(language).includes(wanted))
    .sort((a, b) => collator.compare(nameOf(a), nameOf(b)))
  const member = open ? state.members[open] : undefined
  return (
    <>
      <input className="search" type="search" aria-label={words('members.search')} placeholder={words('members.search')} value={query}
        onChange={(event) => setQuery(event.target.value)} />
      <p className="hint" role="status">{words('members.count', { count: found.length })}</p>
      <ul className="rows pressable">{found.slice(0, MOST).map((each) => <li key={each.id}><MemberRow member={each} onOpen={() => setOpen(each.id)} /></li>)}</ul>
      {member && <Profile member={member} onClose={() => setOpen(null)} />}
    </>
  )
}

function MemberRow({ member, onOpen }: { member: User; onOpen: () => void }): JSX.Element {
  const state = useCommunity()
  const roles = rolesInOrder(state).filter((role) => member.roles.includes(role.id))
  return (
    <button onClick={onOpen}>
      <Face person={member} size={36} status={state.presences[member.id] ?? 'offline'} />
      <span className="row-text">
        <span style={{ color: colorOf(state, member) ?? undefined }}><bdi>{nameOf(member)}</bdi></span>
        <span className="hint">{member.username}</span>
      </span>
      <span className="role-pills">{roles.map((role) => <span key={role.id} className="role-pill"><i style={{ background: role.color }} />{role.name}</span>)}</span>
    </button>
  )
}
