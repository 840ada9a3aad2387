// Inviting people: a link with an end and a number of uses, and the links that are still good.

import { useCallback, useContext, useEffect, useState } from 'react'
import { nameOf } from '../../../model/community/state'
import type { Id } from '../../../model/community/types'
import { Modal } from '../../parts/Modal'
import { LanguageContext, useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { moment, span } from './format'
import { Choice, CopyLine, Failure, Form, numberOf, Question, useTask } from './form'

interface Invite {
  code: string
  created_by: Id | null
  max_uses: number
  uses: number
  expires_at: string | null
}

const AGES = [1_800, 3_600, 43_200, 86_400, 604_800]
const USES = [1, 5, 10, 25, 50, 100]

const linkOf = (invite: Invite): string => `${location.origin}/#/invite/${invite.code}`

export function InviteDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  return <Modal title={words('invite.title', { server: state.server.name })} onClose={onClose}><Invites /></Modal>
}

/** The form and the list, for the dialog and for the page of the server's settings. */
export function Invites(): JSX.Element {
  const { api } = useClient()
  const words = useWords()
  const language = useContext(LanguageContext)
  const [latest, setLatest] = useState<Invite | null>(null)
  const [invites, setInvites] = useState<Invite[] | null>(null)
  const task = useTask()
  const { run } = task
  const load = useCallback(async () => setInvites((await api.get<{ invites: Invite[] }>('/invites')).invites), [api])
  // The page begins with what there is; `run` is new with each drawing.
  useEffect(() => { void run(load) }, [load])

  return (
    <>
      <Form action={words(latest ? 'invite.another' : 'invite.create')} onSubmit={async (fields) => {
        const answer = await api.post<{ invite: Invite }>('/invites', {
          max_age: numberOf(fields, 'max_age'), max_uses: numberOf(fields, 'max_uses'),
        })
        setLatest(answer.invite)
        await load()
      }}>
        {latest && <CopyLine key={latest.code} label={words('invite.link')} value={linkOf(latest)} />}
        <div className="pair">
          <Choice label={words('invite.age')} name="max_age" defaultValue={604_800}
            options={[...AGES.map((age) => ({ value: age, label: span(language, age) })), { value: 0, label: words('invite.never') }]} />
          <Choice label={words('invite.uses')} name="max_uses" defaultValue={0}
            options={[{ value: 0, label: words('invite.unlimited') }, ...USES.map((uses) => ({ value: uses, label: words('invite.times', { count: uses }) }))]} />
        </div>
      </Form>
      <Failure text={task.failure} />
      {invites && invites.length > 0 && (
        <section className="group">
          <h3>{words('invite.open')}</h3>
          <ul className="rows">{invites.map((invite) => (
            <InviteRow key={invite.code} invite={invite} onGone={() => setInvites((old) => old && old.filter(({ code }) => code !== invite.code))} />
          ))}</ul>
        </section>
      )}
    </>
  )
}

function InviteRow({ invite, onGone }: { invite: Invite; onGone: () => void }): JSX.Element {
  const { api } = useClient()
  const state = useCommunity()
  const words = useWords()
  const language = useContext(LanguageContext)
  const [isAsking, setAsking] = useState(false)
  const creator = invite.created_by ? state.members[invite.created_by] : undefined
  return (
    <li>
      <div className="row-text">
        <code>{invite.code}</code>
        <span className="hint">
          {[
            invite.max_uses ? words('invite.usedOf', { uses: invite.uses, most: invite.max_uses }) : words('invite.used', { uses: invite.uses }),
            invite.expires_at ? words('invite.until', { time: moment(language, invite.expires_at) }) : words('invite.endless'),
            ...(creator ? [nameOf(creator)] : []),
          ].join(' · ')}
        </span>
      </div>
      <button className="secondary small" onClick={() => setAsking(true)} aria-label={words('invite.cancelOf', { code: invite.code })}>{words('invite.cancel')}</button>
      {isAsking && (
        <Question title={words('invite.cancel.title')} text={words('invite.cancel.text')} action={words('invite.cancel')}
          run={async () => { await api.delete(`/invites/${invite.code}`); onGone() }} onClose={() => setAsking(false)} />
      )}
    </li>
  )
}
