// Settings fill the page: their pages on the left (on a phone: above), the open one on the right.

import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Icon } from '../../icons'
import { useWords } from '../../useStore'

export interface SettingsPage {
  key: string
  title: string
  /** Called for the open page only. */
  body: () => JSX.Element
}

export function SettingsFrame({ title, pages, first, foot, onClose }: {
  title: string; pages: SettingsPage[]; first?: string | undefined; foot?: ReactNode; onClose: () => void
}): JSX.Element {
  const words = useWords()
  const box = useRef<HTMLDialogElement>(null)
  const [chosen, setChosen] = useState(first ?? pages[0]?.key)
  useEffect(() => {
    const dialog = box.current
    const before = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  // What one may see can change while it is open.
  const page = pages.find(({ key }) => key === chosen) ?? pages[0]
  return (
    <dialog ref={box} className="settings" aria-label={title}
      onCancel={(event) => { if (event.target === event.currentTarget) { event.preventDefault(); onClose() } }}
      onClose={(event) => { if (event.target === event.currentTarget && event.currentTarget.isConnected) onClose() }}>
      <nav aria-label={title}>
        <h2>{title}</h2>
        <ul>{pages.map(({ key, title: name }) => (
          <li key={key}><button aria-current={key === page?.key ? 'page' : undefined} onClick={() => setChosen(key)}>{name}</button></li>
        ))}</ul>
        {foot}
      </nav>
      <div className="settings-page" key={page?.key}>
        <header><h2>{page?.title}</h2></header>
        {page?.body()}
      </div>
      <button className="icon-button settings-close" aria-label={words('shell.close')} onClick={onClose}><Icon name="close" size={22} /></button>
    </dialog>
  )
}
