// A picture as large as the page; closer with the wheel, a click or + and −, moved by dragging.

import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent, type WheelEvent } from 'react'
import { Icon } from '../../icons'
import { useWords } from '../../useStore'

const CLOSEST = 8

interface View { scale: number; x: number; y: number }
const whole: View = { scale: 1, x: 0, y: 0 }

export function Lightbox({ url, name, onClose }: { url: string; name: string; onClose: () => void }): JSX.Element {
  const words = useWords()
  const box = useRef<HTMLDialogElement>(null)
  const [view, setView] = useState(whole)
  const [isReady, setReady] = useState(false)
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null)
  useEffect(() => {
    const dialog = box.current
    const before = document.activeElement
    dialog?.showModal()
    return () => { dialog?.close(); if (before instanceof HTMLElement) before.focus() }
  }, [])

  /** Comes closer by a factor; the point under the pointer, measured from the middle, stays where it is. */
  const zoom = (by: number, x = 0, y = 0): void => setView((old) => {
    const scale = Math.min(CLOSEST, Math.max(1, old.scale * by))
    const factor = scale / old.scale
    return scale === 1 ? whole : { scale, x: x - (x - old.x) * factor, y: y - (y - old.y) * factor }
  })
  const fromMiddle = (event: { clientX: number; clientY: number }): [number, number] => [event.clientX - innerWidth / 2, event.clientY - innerHeight / 2]
  const pressed = (event: KeyboardEvent): void => {
    const step = { '+': 1.5, '=': 1.5, '-': 1 / 1.5 }[event.key]
    if (step) zoom(step)
    if (event.key === '0') setView(whole)
    const by = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] }[event.key]
    if (by && view.scale > 1) setView({ ...view, x: view.x + (by[0] ?? 0), y: view.y + (by[1] ?? 0) })
  }
  const moved = (event: PointerEvent): void => {
    const from = drag.current
    if (!from || view.scale === 1) return
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y]
    if (Math.abs(dx) + Math.abs(dy) > 3) from.moved = true
    drag.current = { x: event.clientX, y: event.clientY, moved: from.moved }
    setView((old) => ({ ...old, x: old.x + dx, y: old.y + dy }))
  }
  const released = (event: PointerEvent): void => {
    const wasClick = drag.current && !drag.current.moved
    drag.current = null
    if (wasClick) { if (view.scale > 1) setView(whole); else zoom(2.5, ...fromMiddle(event)) }
  }
  return (
    <dialog ref={box} className="lightbox" aria-label={name} onCancel={(event) => { event.preventDefault(); onClose() }} onKeyDown={pressed}
      onWheel={(event: WheelEvent) => zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, ...fromMiddle(event))}
      onMouseDown={(event) => { if (event.target === event.currentTarget) onClose() }}>
      <img src={url} alt={name} className={isReady ? undefined : 'loading'} onLoad={() => setReady(true)} draggable={false}
        style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`, cursor: view.scale > 1 ? 'grab' : 'zoom-in' }}
        onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); drag.current = { x: event.clientX, y: event.clientY, moved: false } }}
        onPointerMove={moved} onPointerUp={released} onPointerCancel={() => { drag.current = null }} />
      <div className="lightbox-tools">
        <bdi>{name}</bdi>
        <a className="icon-button" href={url} download={name} aria-label={words('chat.download', { name })}><Icon name="download" size={20} /></a>
        <button className="icon-button" aria-label={words('chat.zoomIn')} onClick={() => zoom(1.5)}><Icon name="plus" size={20} /></button>
        <button className="icon-button" aria-label={words('shell.close')} onClick={onClose}><Icon name="close" size={20} /></button>
      </div>
    </dialog>
  )
}
