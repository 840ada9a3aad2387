// A question before something that cannot be undone.

import { useState } from 'react'
import { problemText, useClient } from '../community/context'
import { useWords } from '../useStore'
import { Modal } from './Modal'

export function Confirm({ title, text, action, isDangerous, run, onClose }: {
  title: string; text: string; action: string; isDangerous: boolean; run: () => Promise<void>; onClose: () => void
}): JSX.Element {
  const { ui } = useClient()
  const words = useWords()
  const [isBusy, setBusy] = useState(false)
  const confirm = (): void => {
    setBusy(true)
    run().then(onClose, (error: unknown) => { setBusy(false); ui.notify(problemText(words, error), 'error') })
  }
  return (
    <Modal title={title} onClose={onClose}>
      <p>{text}</p>
      <div className="modal-actions">
        <button className="secondary" onClick={onClose}>{words('shell.cancel')}</button>
        <button className={isDangerous ? 'primary dangerous' : 'primary'} disabled={isBusy} onClick={confirm} autoFocus>{action}</button>
      </div>
    </Modal>
  )
}
