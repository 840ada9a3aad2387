// What all dialogs of settings are made of: forms that say in place what went wrong, fields, switches, a line to copy.

import { useRef, useState, type FormEvent, type ReactNode } from 'react'
import { Problem } from '../../../model/community/http'
import { isKey } from '../../../strings/catalogue'
import { Icon } from '../../icons'
import { Modal } from '../../parts/Modal'
import { useWords, type Words } from '../../useStore'
import { problemText } from '../context'

/** A refusal in the reader's words; some name a reason that says more than their code. */
function refusalText(words: Words, error: unknown): string {
  const key = error instanceof Problem ? `settings.problem.${error.reason ?? ''}` : ''
  return isKey(key) ? words(key) : problemText(words, error)
}

interface Task {
  isBusy: boolean
  failure: string | null
  /** Runs one thing at a time; true if it was done. */
  run: (body: () => Promise<unknown>, form?: HTMLElement) => Promise<boolean>
}

export function useTask(): Task {
  const words = useWords()
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const run: Task['run'] = async (body, form) => {
    setBusy(true)
    setFailure(null)
    try {
      await body()
      return true
    } catch (error) {
      setFailure(refusalText(words, error))
      // The field that is wrong, if the server named one.
      const name = error instanceof Problem ? error.pointer?.slice(1) : undefined
      if (name) form?.querySelector<HTMLElement>(`[name="${CSS.escape(name)}"]`)?.focus()
      return false
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, failure, run }
}

export function Failure({ text }: { text: string | null }): JSX.Element | null {
  return text ? <p className="notice bad" role="alert">{text}</p> : null
}

/** A form with its button. `saved`: says after success that it was kept, for forms that stay open. */
export function Form({ children, action, saved = false, isDangerous = false, onSubmit, onCancel }: {
  children: ReactNode; action: string; saved?: boolean; isDangerous?: boolean
  onSubmit: (fields: FormData, form: HTMLFormElement) => Promise<unknown>; onCancel?: () => void
}): JSX.Element {
  const words = useWords()
  const task = useTask()
  const [isDone, setDone] = useState(false)
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    event.stopPropagation()
    const form = event.currentTarget
    setDone(false)
    if (await task.run(() => onSubmit(new FormData(form), form), form)) setDone(true)
  }
  return (
    <form className="form" onSubmit={(event) => void submit(event)} onChange={() => setDone(false)}>
      {children}
      <Failure text={task.failure} />
      <div className="modal-actions">
        {saved && isDone && <span className="done" role="status">{words('settings.saved')}</span>}
        {onCancel && <button type="button" className="secondary" onClick={onCancel}>{words('shell.cancel')}</button>}
        <button className={isDangerous ? 'primary dangerous' : 'primary'} disabled={task.isBusy}>{action}</button>
      </div>
    </form>
  )
}

export function Field({ label, hint, ...rest }: { label: string; hint?: string } & JSX.IntrinsicElements['input']): JSX.Element {
  return <label>{label}<input {...rest} />{hint && <span className="hint">{hint}</span>}</label>
}

export function Choice({ label, options, hint, ...rest }: {
  label: string; hint?: string; options: { value: string | number; label: string }[]
} & JSX.IntrinsicElements['select']): JSX.Element {
  return (
    <label>{label}
      <select {...rest}>{options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}</select>
      {hint && <span className="hint">{hint}</span>}
    </label>
  )
}

/** On or off, with what it means below. */
export function Switch({ label, hint, ...rest }: { label: string; hint?: string } & JSX.IntrinsicElements['input']): JSX.Element {
  return (
    <label className="switch">
      <span>{label}{hint && <span className="hint">{hint}</span>}</span>
      <input type="checkbox" role="switch" {...rest} />
    </label>
  )
}

/** A line that people take elsewhere: a link, a secret. */
export function CopyLine({ label, value }: { label: string; value: string }): JSX.Element {
  const words = useWords()
  const line = useRef<HTMLInputElement>(null)
  const [isCopied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    line.current?.select()
    // Pages without TLS have no clipboard of their own; the selected text can still be copied.
    try {
      await navigator.clipboard.writeText(value)
      setCopied(true)
    } catch {
      setCopied(document.execCommand('copy'))
    }
  }
  return (
    <div className="copy-line">
      <input ref={line} readOnly aria-label={label} value={value} onFocus={(event) => event.currentTarget.select()} />
      <button type="button" className="primary" onClick={() => void copy()}><Icon name="copy" size={18} />{words(isCopied ? 'shell.copied' : 'settings.copy')}</button>
    </div>
  )
}

/** A question over an open dialog, before something that cannot be undone. */
export function Question({ title, text, action, run, onClose }: {
  title: string; text: string; action: string; run: () => Promise<unknown>; onClose: () => void
}): JSX.Element {
  return (
    <Modal title={title} onClose={onClose}>
      <Form action={action} isDangerous onCancel={onClose} onSubmit={async () => { await run(); onClose() }}><p>{text}</p></Form>
    </Modal>
  )
}

export const textOf = (fields: FormData, name: string): string => String(fields.get(name) ?? '').trim()
export const numberOf = (fields: FormData, name: string): number => Number(fields.get(name) ?? 0)
