// A question before something that cannot be undone.

import { useState } from 'react'
import { problemText } from '../community/context'
import { useWords } from '../useStore'
import { Modal } from './Modal'

export function Confirm({ title, text, action, isDangerous, run, onClose }: {
  title: string; text: string; action: string; isDangerous: boolean; run: () => Promise<void>; onClose: () => void
}): JSX.Element {
  const words = useWords()
  const [failure, setFailure] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const confirm = (): void => {
    setBusy(true)
    run().then(onClose, (error: unknown) => { setBusy(false); setFailure(problemText(words, error)) })
  }
  return (
    <Modal title={title} onClose={onClose}>
      <p>{text}</p>
      {failure && <p className="notice bad" role="alert">{failure}</p>}
      <div className="modal-actions">
        <button className="secondary" onClick={onClose}>{words('shell.cancel')}</button>
        <button className={isDangerous ? 'primary dangerous' : 'primary'} disabled={isBusy} onClick={confirm} autoFocus>{action}</button>
      </div>
    </Modal>
  )
}
