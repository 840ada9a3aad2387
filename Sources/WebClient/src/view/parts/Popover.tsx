// Something small that hangs on a button: closes on Escape, on a click beside it, and gives the focus back.

import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { createPortal } from 'react-dom'

export function Popover({ anchor, label, className, children, onClose }: {
  anchor: HTMLElement; label: string; className: string; children: ReactNode; onClose: () => void
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState({ left: 0, top: 0 })
  useLayoutEffect(() => {
    const size = box.current?.getBoundingClientRect()
    const at = anchor.getBoundingClientRect()
    if (!size) return
    const below = at.bottom + 8 + size.height <= window.innerHeight - 8
    setPlace({
      left: Math.max(8, Math.min(at.right - size.width, window.innerWidth - size.width - 8)),
      top: Math.max(8, below ? at.bottom + 8 : at.top - size.height - 8),
    })
  }, [anchor])
  useEffect(() => {
    const away = (event: Event): void => {
      const target = event.target as Node
      if (!box.current?.contains(target) && !anchor.contains(target)) onClose()
    }
    document.addEventListener('pointerdown', away, true)
    window.addEventListener('resize', onClose)
    return () => {
      document.removeEventListener('pointerdown', away, true)
      window.removeEventListener('resize', onClose)
    }
  }, [anchor, onClose])
  useEffect(() => () => { if (anchor.isConnected) anchor.focus() }, [anchor])
  return createPortal(
    <div ref={box} role="dialog" aria-label={label} className={`popover ${className}`} style={place} tabIndex={-1}
      onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); onClose() } }}>
      {children}
    </div>, document.body)
}
