// Getting in: first set-up, login, second factor, invitation.

import { useContext, useEffect, useState, type FormEvent, type ReactNode } from 'react'
import { Problem } from '../../model/community/http'
import type { SessionState } from '../../model/community/session'
import type { Server } from '../../model/community/types'
import { LanguageContext, useWords } from '../useStore'
import { problemText, useClient } from './context'

export function AuthScreens({ state, invite, onGuest }: {
  state: SessionState; invite: string | null; onGuest: () => void
}): JSX.Element {
  switch (state.phase) {
    case 'setup': return <Setup codeNeeded={state.codeNeeded} onGuest={onGuest} />
    case 'secondFactor': return <SecondFactor />
    case 'unreachable': return <Unreachable />
    default: return <Door invite={invite} expired={state.phase === 'signedOut' && state.expired} onGuest={onGuest} />
  }
}

/** A form in a card: one button, one place for what went wrong. */
function Card({ title, text, action, children, footer, onSubmit }: {
  title: string; text: string; action: string; children: ReactNode; footer?: ReactNode; onSubmit: (fields: FormData) => Promise<void>
}): JSX.Element {
  const words = useWords()
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget
    setBusy(true)
    setFailure(null)
    try {
      await onSubmit(new FormData(form))
    } catch (error) {
      setFailure(error instanceof Problem && error.code === 'VALIDATION_ERROR' ? error.message : problemText(words, error))
      // The field that is wrong, if the server named one.
      const name = error instanceof Problem ? error.pointer?.slice(1) : undefined
      if (name) form.querySelector<HTMLElement>(`[name="${CSS.escape(name)}"]`)?.focus()
    } finally {
      setBusy(false)
    }
  }
  return (
    <main className="door">
      <form className="card" onSubmit={(event) => void submit(event)}>
        <div className="card-head">
          <div className="logo" aria-hidden="true">m</div>
          <div><h1>{title}</h1><p className="quiet">{text}</p></div>
        </div>
        {children}
        {failure && <p className="notice bad" role="alert">{failure}</p>}
        <button className="primary" disabled={busy}>{busy ? words('auth.busy') : action}</button>
        {footer}
      </form>
    </main>
  )
}

function Field({ label, name, hint, ...rest }: { label: string; name: string; hint?: string } & JSX.IntrinsicElements['input']): JSX.Element {
  return <label>{label}<input name={name} {...rest} />{hint && <span className="hint">{hint}</span>}</label>
}

const text = (fields: FormData, name: string): string => String(fields.get(name) ?? '').trim()

/** What an account needs. A password is taken as it was typed. */
function accountFields(fields: FormData): { username: string; password: string; email?: string } {
  const email = text(fields, 'email')
  return { username: text(fields, 'username'), password: String(fields.get('password') ?? ''), ...(email ? { email } : {}) }
}

function AccountFields(): JSX.Element {
  const words = useWords()
  return (
    <>
      <Field label={words('auth.username')} name="username" autoComplete="username" required minLength={3} maxLength={32} />
      <Field label={words('auth.email')} name="email" type="email" autoComplete="email" maxLength={254} />
      <Field label={words('auth.password')} name="password" type="password" autoComplete="new-password" required minLength={8}
        hint={words('auth.password.hint')} />
    </>
  )
}

function Setup({ codeNeeded, onGuest }: { codeNeeded: boolean; onGuest: () => void }): JSX.Element {
  const { session } = useClient()
  const words = useWords()
  const locale = useContext(LanguageContext)
  return (
    <Card title={words('auth.setup.title')} text={words('auth.setup.text')} action={words('auth.setup.button')}
      onSubmit={(fields) => session.setUp({
        server_name: text(fields, 'server_name'), ...accountFields(fields), locale,
        ...(codeNeeded ? { setup_code: text(fields, 'setup_code') } : {}),
      })}
      footer={<button type="button" className="link" onClick={onGuest}>{words('auth.guest')}</button>}>
      <Field label={words('auth.setup.server')} name="server_name" required maxLength={100} autoFocus
        placeholder={words('auth.setup.server.placeholder')} />
      <AccountFields />
      {codeNeeded && (
        <Field label={words('auth.setup.code')} name="setup_code" required maxLength={64} autoComplete="off" hint={words('auth.setup.code.hint')}
          defaultValue={/^#\/setup\/([\w-]+)$/.exec(location.hash)?.[1] ?? ''} />
      )}
    </Card>
  )
}

function Door({ invite, expired, onGuest }: { invite: string | null; expired: boolean; onGuest: () => void }): JSX.Element {
  const [hasAccount, setHasAccount] = useState(false)
  if (invite && !hasAccount) return <Invitation code={invite} onHasAccount={() => setHasAccount(true)} />
  return <Login expired={expired} onGuest={onGuest} />
}

function Login({ expired, onGuest }: { expired: boolean; onGuest: () => void }): JSX.Element {
  const { session } = useClient()
  const words = useWords()
  return (
    <Card title={words('auth.login.title')} text={expired ? words('auth.login.expired') : words('auth.login.text')}
      action={words('auth.login.button')} onSubmit={(fields) => session.login(text(fields, 'login'), String(fields.get('password') ?? ''))}
      footer={<>
        <InviteCode />
        <button type="button" className="link" onClick={onGuest}>{words('auth.guest')}</button>
      </>}>
      <Field label={words('auth.login.name')} name="login" autoComplete="username" required autoFocus />
      <Field label={words('auth.password')} name="password" type="password" autoComplete="current-password" required />
    </Card>
  )
}

/** A code that somebody was told, or a whole link pasted. */
function InviteCode(): JSX.Element {
  const words = useWords()
  const [code, setCode] = useState('')
  const open = (): void => {
    const last = code.trim().split('/').pop() ?? ''
    if (last) location.hash = `#/invite/${encodeURIComponent(last)}`
  }
  return (
    <div className="invite-code">
      <p className="quiet">{words('auth.login.invite')}</p>
      <div className="row">
        <input aria-label={words('auth.invite.code')} placeholder={words('auth.invite.code')} value={code}
          onChange={(event) => setCode(event.target.value)}
          onKeyDown={(event) => { if (event.key === 'Enter') { event.preventDefault(); open() } }} />
        <button type="button" className="secondary" disabled={!code.trim()} onClick={open}>{words('auth.invite.use')}</button>
      </div>
    </div>
  )
}

interface InvitePreview {
  code: string
  server: Pick<Server, 'name' | 'icon_url'>
  member_count: number
}

function Invitation({ code, onHasAccount }: { code: string; onHasAccount: () => void }): JSX.Element {
  const { api, session } = useClient()
  const words = useWords()
  const [preview, setPreview] = useState<InvitePreview | 'gone' | null>(null)
  useEffect(() => {
    let isCurrent = true
    api.get<{ invite: InvitePreview }>(`/invites/${encodeURIComponent(code)}`)
      .then((answer) => { if (isCurrent) setPreview(answer.invite) }, () => { if (isCurrent) setPreview('gone') })
    return () => { isCurrent = false }
  }, [api, code])
  if (preview === 'gone') {
    return (
      <main className="door"><div className="card">
        <p className="notice bad" role="alert">{words('auth.invite.gone')}</p>
        <button className="secondary" onClick={onHasAccount}>{words('auth.register.have')}</button>
      </div></main>
    )
  }
  const members = preview ? words('auth.invite.members', { count: preview.member_count }) : ''
  return (
    <Card title={words('auth.invite.title', { server: preview?.server.name ?? '…' })} text={`${words('auth.register.text')} ${members}`}
      action={words('auth.register.button')} onSubmit={(fields) => session.register({ ...accountFields(fields), invite_code: code })}
      footer={<button type="button" className="link" onClick={onHasAccount}>{words('auth.register.have')}</button>}>
      <AccountFields />
    </Card>
  )
}

function SecondFactor(): JSX.Element {
  const { session } = useClient()
  const words = useWords()
  return (
    <Card title={words('auth.factor.title')} text={words('auth.factor.text')} action={words('auth.factor.button')}
      onSubmit={(fields) => session.confirm(text(fields, 'code'))}>
      <Field label={words('auth.factor.code')} name="code" autoComplete="one-time-code" required autoFocus maxLength={32} />
    </Card>
  )
}

function Unreachable(): JSX.Element {
  const { session } = useClient()
  const words = useWords()
  return (
    <main className="door"><div className="card">
      <p className="notice bad" role="alert">{words('auth.unreachable')}</p>
      <button className="primary" onClick={() => void session.start()}>{words('auth.again')}</button>
    </div></main>
  )
}
