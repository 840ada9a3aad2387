// Settings of the own account: profile, account, security, appearance, and the way out.

import { useContext, useRef, useState } from 'react'
import { nameOf } from '../../../model/community/state'
import type { Language } from '../../../strings/catalogue'
import { Face } from '../../parts/Face'
import { LanguageContext, useWords } from '../../useStore'
import { useClient, useCommunity, useInterface } from '../context'
import { Failure, Field, Form, Question, textOf, useTask } from './form'
import { SettingsFrame } from './Frame'
import { Security } from './Security'

/** Pictures that the server can read. */
export const PICTURES = 'image/png,image/jpeg,image/gif,image/webp'

export function UserSettings({ page, onLanguage, onClose }: {
  page?: string | undefined; onLanguage: (language: Language) => void; onClose: () => void
}): JSX.Element {
  const { session } = useClient()
  const words = useWords()
  const [isLeaving, setLeaving] = useState(false)
  return (
    <SettingsFrame title={words('settings.user')} first={page} onClose={onClose} pages={[
      { key: 'profile', title: words('user.profile'), body: () => <ProfilePage /> },
      { key: 'account', title: words('user.account'), body: () => <Account /> },
      { key: 'security', title: words('user.security'), body: () => <Security /> },
      { key: 'appearance', title: words('user.appearance'), body: () => <Appearance onLanguage={onLanguage} /> },
    ]} foot={<>
      <button className="leave" onClick={() => setLeaving(true)}>{words('settings.logout')}</button>
      {isLeaving && (
        <Question title={words('settings.logout')} text={words('user.logout.text')} action={words('settings.logout')}
          run={async () => { onClose(); await session.logout() }} onClose={() => setLeaving(false)} />
      )}
    </>} />
  )
}

/** A picture, with ways to give another one and to take it away. */
export function Picture({ children, canRemove, label, onFile, onRemove }: {
  children: JSX.Element; canRemove: boolean; label: string; onFile: (form: FormData) => Promise<unknown>; onRemove: () => Promise<unknown>
}): JSX.Element {
  const words = useWords()
  const task = useTask()
  const input = useRef<HTMLInputElement>(null)
  const choose = async (file: File | undefined): Promise<void> => {
    if (!file) return
    const form = new FormData()
    form.append('file', file)
    await task.run(() => onFile(form))
    if (input.current) input.current.value = ''
  }
  return (
    <>
      <div className="picture-choice">
        {children}
        <button type="button" className="secondary" disabled={task.isBusy} onClick={() => input.current?.click()}>
          {task.isBusy ? words('auth.busy') : label}
        </button>
        {canRemove && <button type="button" className="secondary" disabled={task.isBusy} onClick={() => void task.run(onRemove)}>{words('user.picture.remove')}</button>}
        <input ref={input} type="file" accept={PICTURES} hidden aria-label={label} onChange={(event) => void choose(event.target.files?.[0])} />
      </div>
      <Failure text={task.failure} />
    </>
  )
}

function ProfilePage(): JSX.Element {
  const { api } = useClient()
  const { me } = useCommunity()
  const words = useWords()
  return (
    <>
      <Picture canRemove={me.avatar_url !== null} label={words('user.picture')}
        onFile={(form) => api.post('/users/me/avatar', form)} onRemove={() => api.delete('/users/me/avatar')}>
        <Face person={me} size={80} />
      </Picture>
      <Form action={words('shell.save')} saved onSubmit={(fields) => api.patch('/users/me', {
        display_name: textOf(fields, 'display_name') || null, custom_status: textOf(fields, 'custom_status') || null,
      })}>
        <Field label={words('user.displayName')} hint={words('user.displayName.hint', { name: me.username })} name="display_name" maxLength={32}
          defaultValue={me.display_name ?? ''} placeholder={nameOf(me)} autoComplete="nickname" />
        <Field label={words('user.customStatus')} hint={words('user.customStatus.hint')} name="custom_status" maxLength={128}
          defaultValue={me.custom_status ?? ''} autoComplete="off" />
      </Form>
    </>
  )
}

function Account(): JSX.Element {
  const { api } = useClient()
  const { me } = useCommunity()
  const words = useWords()
  return (
    <>
      <Form action={words('shell.save')} saved onSubmit={(fields) => api.patch('/users/me', {
        username: textOf(fields, 'username'), email: textOf(fields, 'email') || null,
      })}>
        <Field label={words('auth.username')} name="username" required minLength={3} maxLength={32} defaultValue={me.username} autoComplete="username" />
        <Field label={words('auth.email')} name="email" type="email" maxLength={254} defaultValue={me.email ?? ''} autoComplete="email" />
      </Form>
      <section className="group">
        <h3>{words('user.password')}</h3>
        <p className="hint">{words('user.password.text')}</p>
        <Form action={words('user.password.button')} saved onSubmit={async (fields, form) => {
          await api.post('/users/me/password', { current_password: fields.get('current_password'), new_password: fields.get('new_password') })
          form.reset()
        }}>
          <Field label={words('user.password.current')} name="current_password" type="password" required autoComplete="current-password" />
          <Field label={words('user.password.new')} hint={words('auth.password.hint')} name="new_password" type="password" required minLength={8} maxLength={72} autoComplete="new-password" />
        </Form>
      </section>
    </>
  )
}

const LANGUAGES: [Language, string][] = [['tr', 'Türkçe'], ['en', 'English']]

function Appearance({ onLanguage }: { onLanguage: (language: Language) => void }): JSX.Element {
  const { ui } = useClient()
  const { theme } = useInterface()
  const words = useWords()
  const language = useContext(LanguageContext)
  return (
    <>
      <fieldset className="kinds">
        <legend>{words('user.theme')}</legend>
        {(['dark', 'light'] as const).map((name) => (
          <label key={name} className="kind">
            <input type="radio" name="theme" checked={theme === name} onChange={() => ui.setTheme(name)} />
            <i className={`swatch ${name}`} /><span>{words(`user.theme.${name}`)}</span>
          </label>
        ))}
      </fieldset>
      <fieldset className="kinds">
        <legend>{words('user.language')}</legend>
        {LANGUAGES.map(([code, name]) => (
          <label key={code} className="kind" lang={code}>
            <input type="radio" name="language" checked={language === code} onChange={() => onLanguage(code)} /><span>{name}</span>
          </label>
        ))}
      </fieldset>
    </>
  )
}
