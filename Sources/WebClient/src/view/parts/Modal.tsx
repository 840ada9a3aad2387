// A dialog over the page: takes the focus, gives it back, and closes on Escape and on a click beside it.

import { useEffect, useRef, type ReactNode } from 'react'
import { Icon } from '../icons'
import { useWords } from '../useStore'

export function Modal({ title, children, onClose, wide = false }: {
  title: string; children: ReactNode; onClose: () => void; wide?: boolean
}): JSX.Element {
  const words = useWords()
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = box.current
    const before = document.activeElement
    dialog?.showModal()
    // Where people begin: the first field, or else what the dialog is about to do; not the button that closes it.
    const fields = 'input:not([type="radio"], [type="checkbox"], [type="file"], [readonly]), textarea, select'
    const start = dialog?.querySelector<HTMLElement>(fields) ?? dialog?.querySelector<HTMLElement>('.modal-actions .primary')
    start?.focus()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  // Dialogs inside this one send their events through it. A browser may close without asking when Escape is pressed again.
  return (
    <dialog ref={box} className={wide ? 'modal wide' : 'modal'} aria-label={title}
      onCancel={(event) => { if (event.target === event.currentTarget) { event.preventDefault(); onClose() } }}
      onClose={(event) => { if (event.target === event.currentTarget && event.currentTarget.isConnected) onClose() }}
      onMouseDown={(event) => { if (event.target === event.currentTarget) onClose() }}>
      <div className="modal-body">
        <header>
          <h2>{title}</h2>
          <button className="icon-button" aria-label={words('shell.close')} onClick={onClose}><Icon name="close" size={20} /></button>
        </header>
        {children}
      </div>
    </dialog>
  )
}
