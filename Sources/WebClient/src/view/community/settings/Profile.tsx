// A member's card: who they are, their roles, and what one may do with them.

import { useContext, useState } from 'react'
import { isBelowUs, mayModerate, rankOf, rolesInOrder } from '../../../model/community/ranks'
import { may, nameOf } from '../../../model/community/state'
import { Permission, type Role, type User } from '../../../model/community/types'
import { Face } from '../../parts/Face'
import { Modal } from '../../parts/Modal'
import { LanguageContext, useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { day, moment } from './format'
import { Failure, useTask } from './form'
import { Moderate, type Act } from './Moderate'

export function Profile({ member, onClose }: { member: User; onClose: () => void }): JSX.Element {
  const { community, ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const language = useContext(LanguageContext)
  const task = useTask()
  const isMe = member.id === state.me.id
  const message = (): Promise<boolean> => task.run(async () => {
    const channel = await community.converse(member.id)
    onClose()
    ui.dialog(null)
    ui.open(channel)
  })
  return (
    <Modal title={words('shell.profile')} onClose={onClose}>
      <div className="profile-head">
        <Face person={member} size={72} status={state.presences[member.id] ?? 'offline'} />
        <div className="row-text">
          <strong><bdi>{nameOf(member)}</bdi></strong>
          <span className="hint">{member.username}{member.bot && ` · ${words('profile.bot')}`}</span>
          {member.custom_status && <span>{member.custom_status}</span>}
        </div>
      </div>
      <p className="hint">{words('profile.since', { time: day(language, member.created_at) })}</p>
      {isTimedOut(member) && <p className="notice">{words('profile.timeout', { time: moment(language, member.timed_out_until ?? '') })}</p>}
      <Roles member={member} />
      <Failure text={task.failure} />
      <div className="modal-actions wrap">
        <Acts member={member} />
        {!isMe && !member.bot && <button className="primary" disabled={task.isBusy} onClick={() => void message()}>{words('chat.message')}</button>}
        {isMe && <button className="primary" onClick={() => ui.dialog({ kind: 'userSettings' })}>{words('profile.edit')}</button>}
      </div>
    </Modal>
  )
}

export const isTimedOut = (member: User): boolean => Date.parse(member.timed_out_until ?? '') > Date.now()

/** The roles of a member; those that we may give and take can be ticked. */
function Roles({ member }: { member: User }): JSX.Element | null {
  const { api } = useClient()
  const state = useCommunity()
  const words = useWords()
  const task = useTask()
  // Members in the middle of leaving still have a card.
  const isHere = state.members[member.id] !== undefined
  const mayGive = (may(state, Permission.manageRoles) || may(state, Permission.moderateMembers))
    && (member.id === state.me.id || rankOf(state, state.me) > rankOf(state, member))
  const holds = (role: Role): boolean => member.roles.includes(role.id)
  const shown = rolesInOrder(state).filter((role) => !role.is_default && (holds(role) || (isHere && mayGive && isBelowUs(state, role))))
  if (shown.length === 0) return null
  const toggle = (role: Role): void => {
    void task.run(() => api.request(holds(role) ? 'DELETE' : 'PUT', `/users/${member.id}/roles/${role.id}`, holds(role) ? undefined : {}))
  }
  return (
    <fieldset className="role-list">
      <legend>{words('server.roles')}</legend>
      {shown.map((role) => (
        <label key={role.id} className="role-pill">
          <i style={{ background: role.color }} />{role.name}
          {isHere && mayGive && isBelowUs(state, role) && (
            <input type="checkbox" checked={holds(role)} disabled={task.isBusy} onChange={() => toggle(role)} />
          )}
        </label>
      ))}
      <Failure text={task.failure} />
    </fieldset>
  )
}

/** Buttons for what one may do against a member. */
function Acts({ member }: { member: User }): JSX.Element {
  const { api } = useClient()
  const state = useCommunity()
  const words = useWords()
  const task = useTask()
  const [act, setAct] = useState<Act | null>(null)
  const isHere = state.members[member.id] !== undefined
  const may = (permission: number): boolean => isHere && mayModerate(state, member, permission)
  return (
    <>
      <Failure text={task.failure} />
      {may(Permission.moderateMembers) && (isTimedOut(member)
        ? <button className="secondary" disabled={task.isBusy} onClick={() => void task.run(() => api.delete(`/users/${member.id}/timeout`))}>{words('moderate.timeout.end')}</button>
        : <button className="secondary" onClick={() => setAct('timeout')}>{words('moderate.timeout')}</button>)}
      {may(Permission.kickMembers) && <button className="secondary" onClick={() => setAct('kick')}>{words('moderate.kick')}</button>}
      {may(Permission.banMembers) && <button className="secondary dangerous" onClick={() => setAct('ban')}>{words('moderate.ban')}</button>}
      {act && <Moderate member={member} act={act} onClose={() => setAct(null)} />}
    </>
  )
}
