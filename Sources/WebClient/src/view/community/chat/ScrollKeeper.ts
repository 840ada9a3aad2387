// Keeps what one reads where it is: whatever is loaded above, comes in below or grows in between.

import type { Place } from '../../../model/community/community'

/** So near to the end, in pixels, one is at the end. */
const NEAR = 40
/** Rows that are remembered: if the first is deleted the next one holds the place. */
const ANCHORS = 6

export class ScrollKeeper {
  isAtEnd = true
  private anchors: Place = []

  constructor(private readonly box: HTMLElement, private readonly list: HTMLElement, place: Place | undefined, private readonly onMove: (place: Place) => void) {
    if (place && place.length > 0) {
      this.anchors = place
      this.isAtEnd = false
    }
  }

  /** Somebody has scrolled, or we have: this is the place now. */
  note(hasNewer: boolean): void {
    // Between two loads there is nothing to be at.
    if (!this.list.querySelector('[data-message]')) return
    const { scrollTop, clientHeight, scrollHeight } = this.box
    this.isAtEnd = !hasNewer && scrollHeight - scrollTop - clientHeight < NEAR
    this.anchors = this.isAtEnd ? [] : this.visible()
    this.onMove(this.anchors)
  }

  /** Something has changed its size: what was in view goes back to where it was. */
  restore(): void {
    if (this.isAtEnd) {
      this.box.scrollTop = this.box.scrollHeight
      return
    }
    for (const { id, top } of this.anchors) {
      const row = this.row(id)
      if (!row) continue
      const by = row.offsetTop - this.box.scrollTop - top
      if (by !== 0) this.box.scrollTop += by
      return
    }
  }

  toEnd(): void {
    this.isAtEnd = true
    this.restore()
    this.note(false)
  }

  /** Brings a message into the middle; false if it is not there. */
  show(id: string): boolean {
    const row = this.row(id)
    if (!row) return false
    this.box.scrollTop = row.offsetTop - Math.max(24, (this.box.clientHeight - row.offsetHeight) / 2)
    this.note(true)
    return true
  }

  row(id: string): HTMLElement | null {
    return this.list.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`)
  }

  /** Pixels that are left above and below. */
  get room(): { above: number; below: number } {
    const { scrollTop, clientHeight, scrollHeight } = this.box
    return { above: scrollTop, below: scrollHeight - scrollTop - clientHeight }
  }

  /** The first rows in view, found by halving: there may be hundreds. */
  private visible(): Place {
    const rows = this.list.children
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      const row = rows[middle] as HTMLElement
      if (row.offsetTop + row.offsetHeight > this.box.scrollTop) high = middle
      else low = middle + 1
    }
    const place: Place = []
    for (let index = low; index < rows.length && place.length < ANCHORS; index += 1) {
      const row = rows[index] as HTMLElement
      const id = row.dataset['message']
      if (id) place.push({ id, top: row.offsetTop - this.box.scrollTop })
    }
    return place
  }
}
