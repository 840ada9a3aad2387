// A menu at the pointer or at a button: arrow keys, Home, End, typing the first letter, Escape.

import { createContext, useCallback, useContext, useEffect, useLayoutEffect, useRef, useState, type MouseEvent, type ReactNode } from 'react'

export interface MenuItem {
  label: string
  run: () => void
  isDangerous?: boolean
  isChecked?: boolean
  isDisabled?: boolean
}

/** Null entries are separating lines. */
export type MenuEntries = (MenuItem | null)[]

interface OpenMenu {
  x: number
  y: number
  entries: MenuEntries
}

const MenuContext = createContext<(menu: OpenMenu) => void>(() => undefined)

/** Opens a menu where the event happened: for `onContextMenu` and for buttons. */
export function useMenu(): (event: MouseEvent, entries: MenuEntries) => void {
  const open = useContext(MenuContext)
  return (event, entries) => {
    if (entries.length === 0) return
    event.preventDefault()
    event.stopPropagation()
    const box = event.currentTarget.getBoundingClientRect()
    // The keyboard's context key has no place of its own.
    const isAtPointer = event.clientX !== 0 || event.clientY !== 0
    open({ x: isAtPointer ? event.clientX : box.left + 8, y: isAtPointer ? event.clientY : box.bottom, entries })
  }
}

export function MenuProvider({ children }: { children: ReactNode }): JSX.Element {
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const close = useCallback(() => setMenu(null), [])
  return (
    <MenuContext.Provider value={setMenu}>
      {children}
      {menu && <MenuBox key={`${menu.x} ${menu.y}`} menu={menu} onClose={close} />}
    </MenuContext.Provider>
  )
}

function MenuBox({ menu, onClose }: { menu: OpenMenu; onClose: () => void }): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState({ left: menu.x, top: menu.y })
  useLayoutEffect(() => {
    const size = box.current?.getBoundingClientRect()
    if (!size) return
    setPlace({
      left: Math.max(8, Math.min(menu.x, window.innerWidth - size.width - 8)),
      top: Math.max(8, Math.min(menu.y, window.innerHeight - size.height - 8)),
    })
    const before = document.activeElement
    box.current?.querySelector<HTMLElement>('button')?.focus()
    return () => { if (before instanceof HTMLElement) before.focus() }
  }, [menu])
  useEffect(() => {
    const away = (event: Event): void => { if (!box.current?.contains(event.target as Node)) onClose() }
    document.addEventListener('pointerdown', away, true)
    window.addEventListener('blur', onClose)
    window.addEventListener('resize', onClose)
    return () => {
      document.removeEventListener('pointerdown', away, true)
      window.removeEventListener('blur', onClose)
      window.removeEventListener('resize', onClose)
    }
  }, [onClose])

  const move = (by: number | 'first' | 'last'): void => {
    const items = [...box.current?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? []]
    const at = items.indexOf(document.activeElement as HTMLElement)
    const to = by === 'first' ? 0 : by === 'last' ? items.length - 1 : (at + by + items.length) % items.length
    items[to]?.focus()
  }
  return (
    <div ref={box} role="menu" className="menu" style={place} onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        const step = { ArrowDown: 1, ArrowUp: -1, Home: 'first', End: 'last' }[event.key] as number | 'first' | 'last' | undefined
        if (step !== undefined) { event.preventDefault(); move(step) }
        if (event.key === 'Escape' || event.key === 'Tab') { event.preventDefault(); event.stopPropagation(); onClose() }
      }}>
      {menu.entries.map((entry, index) => entry === null
        ? <hr key={index} />
        : (
          <button key={index} role={entry.isChecked === undefined ? 'menuitem' : 'menuitemcheckbox'} aria-checked={entry.isChecked}
            disabled={entry.isDisabled} className={entry.isDangerous ? 'dangerous' : undefined}
            onClick={() => { onClose(); entry.run() }}>
            {entry.label}{entry.isChecked && <span aria-hidden="true">✓</span>}
          </button>
        ))}
    </div>
  )
}
