// The right panel: who is here, by role, and who is not.

import { useContext } from 'react'
import { colorOf, memberGroups, nameOf } from '../../model/community/state'
import { Face } from '../parts/Face'
import { LanguageContext, useWords } from '../useStore'
import { useClient, useCommunity } from './context'
import { useMemberMenu } from './menus'
import type { User } from '../../model/community/types'

export function MemberList(): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const groups = memberGroups(state, useContext(LanguageContext))
  return (
    <div className="member-list">
      {groups.map(({ role, online, members }) => (
        <section key={role?.id ?? String(online)}>
          <h3>{role
            ? words('shell.members.role', { role: role.name, count: members.length })
            : words(online ? 'shell.members.online' : 'shell.members.offline', { count: members.length })}</h3>
          <ul>{members.map((member) => <MemberRow key={member.id} member={member} />)}</ul>
        </section>
      ))}
    </div>
  )
}

function MemberRow({ member }: { member: User }): JSX.Element {
  const { ui } = useClient()
  const state = useCommunity()
  const menu = useMemberMenu(member)
  const status = state.presences[member.id] ?? 'offline'
  return (
    <li>
      <button className={`member ${status}`} onClick={() => ui.dialog({ kind: 'profile', user: member.id })} onContextMenu={menu}>
        <Face person={member} status={status} />
        <span className="member-text">
          <span className="name" style={{ color: colorOf(state, member) ?? undefined }}>{nameOf(member)}</span>
          {member.custom_status && <span className="custom">{member.custom_status}</span>}
        </span>
      </button>
    </li>
  )
}
