// Lines that come up for a few seconds: what went wrong, what was done.

import { useClient, useInterface } from '../community/context'
import { Icon } from '../icons'
import { useWords } from '../useStore'

export function Notices(): JSX.Element {
  const { ui } = useClient()
  const { notices } = useInterface()
  const words = useWords()
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.id} className={`toast ${notice.kind}`}>
          <span>{notice.text}</span>
          <button className="icon-button" aria-label={words('shell.close')} onClick={() => ui.dismiss(notice.id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  )
}
