// What lies over the page at the moment.

import type { Language } from '../../strings/catalogue'
import { useInterface } from './context'

export function Dialogs(_: { onLanguage: (language: Language) => void }): JSX.Element | null {
  const { dialog } = useInterface()
  switch (dialog?.kind) {
    default: return null
  }
}
