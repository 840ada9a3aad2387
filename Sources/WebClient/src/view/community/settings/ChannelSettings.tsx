// Settings of one channel: what it is, who may do what in it, and its end.

import { useState } from 'react'
import { channelPermissions, isBelowUs, rolesInOrder, verdictOf, withVerdict, type Verdict } from '../../../model/community/ranks'
import { may, myPermissions, nameOf } from '../../../model/community/state'
import { has, Permission, type Channel, type Id } from '../../../model/community/types'
import { useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { ChannelForm } from './ChannelDialogs'
import { Failure, Question, useTask } from './form'
import { SettingsFrame, type SettingsPage } from './Frame'

export function ChannelSettings({ channel, onClose }: { channel: Channel; onClose: () => void }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const pages: SettingsPage[] = []
  if (may(state, Permission.manageChannels, channel.id)) {
    pages.push({ key: 'overview', title: words('channel.overview'), body: () => <Overview channel={channel} onClose={onClose} /> })
  }
  if (may(state, Permission.manageRoles, channel.id)) {
    pages.push({ key: 'permissions', title: words('channel.permissions'), body: () => <Overrides channel={channel} /> })
  }
  return <SettingsFrame title={`${channel.type === 'text' ? '#' : ''}${channel.name}`} pages={pages} onClose={onClose} />
}

function Overview({ channel, onClose }: { channel: Channel; onClose: () => void }): JSX.Element {
  const { api } = useClient()
  const words = useWords()
  const [isAsking, setAsking] = useState(false)
  return (
    <>
      <ChannelForm channel={channel} />
      <section className="group">
        <h3>{words('channel.delete')}</h3>
        <p className="hint">{words('channel.delete.text')}</p>
        <div><button className="primary dangerous" onClick={() => setAsking(true)}>{words('channel.delete')}</button></div>
      </section>
      {isAsking && (
        <Question title={words('channel.delete.title', { name: channel.name })} text={words('channel.delete.text')} action={words('shell.delete')}
          run={async () => { await api.delete(`/channels/${channel.id}`); onClose() }} onClose={() => setAsking(false)} />
      )}
    </>
  )
}

interface Target {
  kind: 'role' | 'member'
  id: Id
  name: string
}

/** Whom the channel treats in its own way, and in which. */
function Overrides({ channel }: { channel: Channel }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const [chosen, setChosen] = useState<string | null>(null)
  const roles = rolesInOrder(state).filter((role) => !role.is_owner)
  const members = channel.overrides.filter((override) => override.target_type === 'member').map((override) => state.members[override.target_id])
  const targets: Target[] = [
    ...roles.map(({ id, name }) => ({ kind: 'role' as const, id, name })),
    ...members.flatMap((member) => (member ? [{ kind: 'member' as const, id: member.id, name: nameOf(member) }] : [])),
  ]
  // Whoever comes here mostly wants to change what everybody may do.
  const target = targets.find(({ id }) => id === chosen) ?? targets[roles.length - 1]
  return (
    <>
      <p className="hint">{words('channel.permissions.text')}</p>
      <label className="form-line">{words('channel.permissions.of')}
        <select value={target?.id} onChange={(event) => setChosen(event.target.value)}>
          {targets.map(({ id, name }) => {
            const isSet = channel.overrides.some((override) => override.target_id === id && (override.allow | override.deny) !== 0)
            return <option key={id} value={id}>{name}{isSet ? ' •' : ''}</option>
          })}
        </select>
      </label>
      {target && <Verdicts key={target.id} channel={channel} target={target} />}
    </>
  )
}

const VERDICTS: Verdict[] = ['deny', 'neutral', 'allow']

function Verdicts({ channel, target }: { channel: Channel; target: Target }): JSX.Element {
  const { api } = useClient()
  const state = useCommunity()
  const words = useWords()
  const task = useTask()
  const override = channel.overrides.find(({ target_type, target_id }) => target_type === target.kind && target_id === target.id)
  const role = target.kind === 'role' ? state.roles[target.id] : undefined
  const held = myPermissions(state)
  const mayChange = !role || isBelowUs(state, role)
  const choose = (bit: number, verdict: Verdict): void => {
    const next = withVerdict({ allow: override?.allow ?? 0, deny: override?.deny ?? 0 }, bit, verdict)
    const path = `/channels/${channel.id}/permissions/${target.kind === 'member' ? 'members/' : ''}${target.id}`
    void task.run(() => ((next.allow | next.deny) === 0 ? api.delete(path) : api.put(path, next)))
  }
  return (
    <>
      <Failure text={task.failure} />
      {!mayChange && <p className="hint">{words('roles.above')}</p>}
      <ul className="rows">
        {channelPermissions(channel).map((name) => {
          const bit = Permission[name]
          const verdict = verdictOf(override, bit)
          return (
            <li key={name}>
              <span className="row-text">{words(`permission.${name}`)}<span className="hint">{words(`permission.${name}.hint`)}</span></span>
              <span className="verdicts" role="group" aria-label={words(`permission.${name}`)}>
                {VERDICTS.map((option) => (
                  <button key={option} className={option} aria-pressed={verdict === option} aria-label={words(`verdict.${option}`)} title={words(`verdict.${option}`)}
                    disabled={task.isBusy || !mayChange || !has(held, bit)} onClick={() => choose(bit, option)}>
                    {{ deny: '✕', neutral: '/', allow: '✓' }[option]}
                  </button>
                ))}
              </span>
            </li>
          )
        })}
      </ul>
    </>
  )
}
