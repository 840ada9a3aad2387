// Roles by rank: making, naming, colouring and ordering them, and what each allows.

import { useState } from 'react'
import { isBelowUs, permissionGroups, rolesInOrder } from '../../../model/community/ranks'
import { myPermissions, reduce } from '../../../model/community/state'
import { has, Permission, type Id, type Role } from '../../../model/community/types'
import { useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { Failure, Field, Form, Question, Switch, textOf, useTask } from './form'

export function Roles(): JSX.Element {
  const { api, community } = useClient()
  const state = useCommunity()
  const words = useWords()
  const task = useTask()
  const [chosen, setChosen] = useState<Id | null>(null)
  const roles = rolesInOrder(state)
  const role = chosen ? state.roles[chosen] : undefined
  const create = (): Promise<boolean> => task.run(async () => {
    const answer = await api.post<{ role: Role }>('/roles', { name: words('roles.new') })
    community.state.update((old) => old && reduce(old, 'role_create', answer, Date.now()))
    setChosen(answer.role.id)
  })
  if (role) return <Editor key={role.id} role={role} onClose={() => setChosen(null)} />
  return (
    <>
      <p className="hint">{words('roles.text')}</p>
      <Failure text={task.failure} />
      <ul className="rows pressable">{roles.map((each) => (
        <li key={each.id}>
          <button onClick={() => setChosen(each.id)}>
            <i className="role-dot" style={{ background: each.color }} />
            <span className="row-text"><span>{each.name}</span>
              <span className="hint">{each.is_default ? words('roles.everybody') : words('roles.members', { count: holders(state.members, each.id) })}</span></span>
          </button>
          <Order role={each} roles={roles} run={task.run} isBusy={task.isBusy} />
        </li>
      ))}</ul>
      <div><button className="primary" disabled={task.isBusy} onClick={() => void create()}>{words('roles.create')}</button></div>
    </>
  )
}

const holders = (members: Record<Id, { roles: Id[] }>, role: Id): number => Object.values(members).filter((member) => member.roles.includes(role)).length

/** Buttons that move a role one place; only among those that stand below us. */
function Order({ role, roles, run, isBusy }: { role: Role; roles: Role[]; run: (body: () => Promise<unknown>) => Promise<boolean>; isBusy: boolean }): JSX.Element | null {
  const { api } = useClient()
  const state = useCommunity()
  const words = useWords()
  const movable = roles.filter((each) => !each.is_default && !each.is_owner)
  const at = movable.indexOf(role)
  if (at < 0 || !isBelowUs(state, role)) return null
  const move = (to: number): void => {
    const order = movable.map(({ id }) => id)
    order.splice(to, 0, ...order.splice(at, 1))
    void run(() => api.put('/roles/positions', { roles: order }))
  }
  const above = movable[at - 1]
  return (
    <span className="order">
      <button className="icon-button" aria-label={words('roles.up', { name: role.name })} disabled={isBusy || !above || !isBelowUs(state, above)} onClick={() => move(at - 1)}>↑</button>
      <button className="icon-button" aria-label={words('roles.down', { name: role.name })} disabled={isBusy || at === movable.length - 1} onClick={() => move(at + 1)}>↓</button>
    </span>
  )
}

function Editor({ role, onClose }: { role: Role; onClose: () => void }): JSX.Element {
  const { api } = useClient()
  const state = useCommunity()
  const words = useWords()
  const [isAsking, setAsking] = useState(false)
  const [permissions, setPermissions] = useState(role.permissions)
  const held = myPermissions(state)
  const mayChange = isBelowUs(state, role)
  const save = (fields: FormData): Promise<unknown> => api.patch(`/roles/${role.id}`, {
    permissions,
    ...(role.is_default ? {} : {
      name: textOf(fields, 'name'), color: textOf(fields, 'color').toUpperCase(), hoist: fields.has('hoist'), mentionable: fields.has('mentionable'),
    }),
  })
  const body = (
    <>
      {!role.is_default && (
        <>
          <div className="name-and-color">
            <Field label={words('roles.name')} name="name" required maxLength={100} defaultValue={role.name} autoComplete="off" />
            <Field label={words('roles.color')} name="color" type="color" defaultValue={role.color} />
          </div>
          <Switch label={words('roles.hoist')} name="hoist" defaultChecked={role.hoist} />
          <Switch label={words('roles.mentionable')} name="mentionable" defaultChecked={role.mentionable} />
        </>
      )}
      {permissionGroups.map((group) => (
        <fieldset key={group.name} className="group">
          <legend>{words(`permissions.${group.name}`)}</legend>
          {group.permissions.map((name) => {
            const bit = Permission[name]
            return (
              <Switch key={name} label={words(`permission.${name}`)} hint={words(`permission.${name}.hint`)} checked={has(permissions, bit)}
                disabled={!has(held, bit)} onChange={() => setPermissions((old) => old ^ bit)} />
            )
          })}
        </fieldset>
      ))}
    </>
  )
  return (
    <>
      <div><button className="secondary small" onClick={onClose}>← {words('roles.all')}</button></div>
      <h3 className="role-title"><i className="role-dot" style={{ background: role.color }} />{role.name}</h3>
      {mayChange
        ? <Form action={words('shell.save')} saved onSubmit={save}>{body}</Form>
        : <><p className="hint">{words('roles.above')}</p><fieldset className="form" disabled>{body}</fieldset></>}
      {mayChange && !role.is_default && (
        <section className="group"><div><button className="primary dangerous" onClick={() => setAsking(true)}>{words('roles.delete')}</button></div></section>
      )}
      {isAsking && (
        <Question title={words('roles.delete.title', { name: role.name })} text={words('roles.delete.text')} action={words('shell.delete')}
          run={async () => { await api.delete(`/roles/${role.id}`); onClose() }} onClose={() => setAsking(false)} />
      )}
    </>
  )
}
