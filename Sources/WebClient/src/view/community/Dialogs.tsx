// What lies over the page at the moment.

import type { Language } from '../../strings/catalogue'
import { Confirm } from '../parts/Confirm'
import { Lightbox } from './chat/Lightbox'
import { useClient, useInterface } from './context'

export function Dialogs(_: { onLanguage: (language: Language) => void }): JSX.Element | null {
  const { ui } = useClient()
  const { dialog } = useInterface()
  const close = (): void => ui.dialog(null)
  switch (dialog?.kind) {
    case 'confirm': return <Confirm {...dialog} onClose={close} />
    case 'lightbox': return <Lightbox url={dialog.url} name={dialog.name} onClose={close} />
    default: return null
  }
}
