// Two-factor authentication and the places where one is signed in.

import { useCallback, useContext, useEffect, useState } from 'react'
import type { Id, User } from '../../../model/community/types'
import { LanguageContext, useWords } from '../../useStore'
import { useClient } from '../context'
import { moment } from './format'
import { CopyLine, Failure, Field, Form, Question, textOf, useTask } from './form'

export function Security(): JSX.Element {
  const words = useWords()
  return (
    <>
      <section className="group first"><h3>{words('factor.title')}</h3><TwoFactor /></section>
      <section className="group"><h3>{words('sessions.title')}</h3><Sessions /></section>
    </>
  )
}

interface Enrolment {
  secret: string
  otpauth_url: string
}

type Step =
  | { step: 'off' }
  | { step: 'password' }
  | { step: 'code'; enrolment: Enrolment }
  | { step: 'codes'; codes: string[] }
  | { step: 'on' }
  | { step: 'disable' }

function TwoFactor(): JSX.Element | null {
  const { api } = useClient()
  const words = useWords()
  const [step, setStep] = useState<Step | null>(null)
  const task = useTask()
  const { run } = task
  useEffect(() => {
    void run(async () => {
      const { user } = await api.get<{ user: User }>('/users/me')
      setStep({ step: user.two_factor_enabled ? 'on' : 'off' })
    })
  }, [api])
  switch (step?.step) {
    case undefined: return <Failure text={task.failure} />
    case 'off': return (
      <>
        <p className="hint">{words('factor.text')}</p>
        <div><button className="primary" onClick={() => setStep({ step: 'password' })}>{words('factor.enable')}</button></div>
      </>
    )
    case 'password': return (
      <Form key="password" action={words('factor.next')} onCancel={() => setStep({ step: 'off' })} onSubmit={async (fields) => {
        const answer = await api.post<{ two_factor: Enrolment }>('/users/me/two-factor', { password: fields.get('password') })
        setStep({ step: 'code', enrolment: answer.two_factor })
      }}>
        <Field label={words('factor.password')} name="password" type="password" required autoFocus autoComplete="current-password" />
      </Form>
    )
    case 'code': return <Enrol enrolment={step.enrolment} onCancel={() => setStep({ step: 'off' })} onDone={(codes) => setStep({ step: 'codes', codes })} />
    case 'codes': return (
      <>
        <p className="notice">{words('factor.codes')}</p>
        <ul className="codes">{step.codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
        <CopyLine label={words('factor.codes.label')} value={step.codes.join(' ')} />
        <div><button className="secondary" onClick={() => setStep({ step: 'on' })}>{words('factor.codes.kept')}</button></div>
      </>
    )
    case 'on': return (
      <>
        <p className="done">{words('factor.on')}</p>
        <div><button className="secondary dangerous" onClick={() => setStep({ step: 'disable' })}>{words('factor.disable')}</button></div>
      </>
    )
    case 'disable': return (
      <Form key="disable" action={words('factor.disable')} isDangerous onCancel={() => setStep({ step: 'on' })} onSubmit={async (fields) => {
        await api.delete('/users/me/two-factor', { password: fields.get('password'), code: textOf(fields, 'code') })
        setStep({ step: 'off' })
      }}>
        <p className="hint">{words('factor.disable.text')}</p>
        <Field label={words('factor.password')} name="password" type="password" required autoFocus autoComplete="current-password" />
        <Field label={words('auth.factor.code')} name="code" required minLength={6} maxLength={64} autoComplete="one-time-code" />
      </Form>
    )
  }
}

function Enrol({ enrolment, onCancel, onDone }: { enrolment: Enrolment; onCancel: () => void; onDone: (codes: string[]) => void }): JSX.Element {
  const { api } = useClient()
  const words = useWords()
  return (
    <Form key="code" action={words('auth.factor.button')} onCancel={onCancel} onSubmit={async (fields) => {
      const answer = await api.post<{ recovery_codes: string[] }>('/users/me/two-factor/confirm', { code: textOf(fields, 'code').replace(/\s/g, '') })
      onDone(answer.recovery_codes)
    }}>
      <p className="hint">{words('factor.secret.text')}</p>
      <CopyLine label={words('factor.secret')} value={enrolment.secret} />
      <p><a href={enrolment.otpauth_url}>{words('factor.open')}</a></p>
      <Field label={words('factor.code')} name="code" required minLength={6} maxLength={7} inputMode="numeric" autoFocus autoComplete="one-time-code" />
    </Form>
  )
}

interface Login {
  id: Id
  current: boolean
  ip: string | null
  user_agent: string | null
  last_used_at: string
}

function Sessions(): JSX.Element {
  const { api } = useClient()
  const words = useWords()
  const [sessions, setSessions] = useState<Login[] | null>(null)
  const [isAsking, setAsking] = useState(false)
  const task = useTask()
  const { run } = task
  const load = useCallback(async () => setSessions((await api.get<{ sessions: Login[] }>('/sessions')).sessions), [api])
  useEffect(() => { void run(load) }, [load])
  return (
    <>
      <p className="hint">{words('sessions.text')}</p>
      <Failure text={task.failure} />
      <ul className="rows">{(sessions ?? []).map((login) => (
        <SessionRow key={login.id} login={login} isBusy={task.isBusy}
          onEnd={() => void run(async () => { await api.delete(`/sessions/${login.id}`); await load() })} />
      ))}</ul>
      {sessions && sessions.length > 1 && (
        <div><button className="secondary dangerous" onClick={() => setAsking(true)}>{words('sessions.endOthers')}</button></div>
      )}
      {isAsking && (
        <Question title={words('sessions.endOthers')} text={words('sessions.endOthers.text')} action={words('sessions.end')}
          run={async () => { await api.delete('/sessions'); await load() }} onClose={() => setAsking(false)} />
      )}
    </>
  )
}

function SessionRow({ login, isBusy, onEnd }: { login: Login; isBusy: boolean; onEnd: () => void }): JSX.Element {
  const words = useWords()
  const language = useContext(LanguageContext)
  const name = browserName(login.user_agent ?? '') || words('sessions.unknown')
  return (
    <li>
      <span className="row-text">
        <span>{name}{login.current && <b className="here">{words('sessions.current')}</b>}</span>
        <span className="hint">{[login.ip, moment(language, login.last_used_at)].filter(Boolean).join(' · ')}</span>
      </span>
      {!login.current && <button className="secondary small" disabled={isBusy} onClick={onEnd} aria-label={words('sessions.endOf', { name })}>{words('sessions.end')}</button>}
    </li>
  )
}

/** "Firefox, Linux" out of what browsers call themselves; the order matters, since most name others too. */
function browserName(agent: string): string {
  const browser = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'].find((name) => agent.includes(`${name}/`))
  const system = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'].find((name) => agent.includes(name))
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', 'Mac OS': 'macOS' }
  const known = [browser, system].flatMap((name) => (name ? [names[name] ?? name] : []))
  return known.join(', ') || agent.slice(0, 60)
}
