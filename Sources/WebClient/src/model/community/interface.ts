// What the page shows at the moment, as opposed to what there is: the open channel, panels, dialogs, notices.

import { Store } from '../store'
import type { Id } from './types'

/** Something that lies over the page. Each kind is drawn by one component. */
export type Dialog =
  | { kind: 'userSettings'; page?: string }
  | { kind: 'serverSettings'; page?: string }
  | { kind: 'channelSettings'; channel: Id }
  | { kind: 'createChannel'; category: Id | null; type: 'text' | 'voice' }
  | { kind: 'category'; category: Id | null }
  | { kind: 'invite' }
  | { kind: 'switcher' }
  | { kind: 'profile'; user: Id }
  | { kind: 'moderate'; user: Id; act: 'kick' | 'ban' | 'timeout' }
  | { kind: 'lightbox'; url: string; name: string }
  | { kind: 'confirm'; title: string; text: string; action: string; isDangerous: boolean; run: () => Promise<void> }

export interface Notice {
  id: number
  text: string
  kind: 'information' | 'error'
}

export type Theme = 'dark' | 'light'

export interface InterfaceState {
  channel: Id | null
  /** A message to scroll to, once it is there. */
  target: Id | null
  membersShown: boolean
  /** On a phone: which panel is in view. */
  panel: 'channels' | 'chat' | 'members'
  collapsed: Record<Id, boolean>
  dialog: Dialog | null
  notices: Notice[]
  theme: Theme
}

/** What is kept between visits. */
export interface Memory {
  recall(key: string): string
  remember(key: string, value: string): void
}

export class Interface {
  readonly state: Store<InterfaceState>
  private lastNotice = 0

  constructor(private readonly memory: Memory) {
    this.state = new Store<InterfaceState>({
      channel: null, target: null, membersShown: memory.recall('members') !== 'hidden', panel: 'channels',
      collapsed: parsed(memory.recall('collapsed')), dialog: null, notices: [],
      theme: memory.recall('theme') === 'light' ? 'light' : 'dark',
    })
  }

  open(channel: Id, target: Id | null = null): void {
    this.state.update((old) => ({ ...old, channel, target, panel: 'chat' }))
    this.memory.remember('channel', channel)
  }

  /** The message that was to be shown is in view, or is gone. */
  arrived(): void {
    this.state.update((old) => (old.target === null ? old : { ...old, target: null }))
  }

  toggleMembers(): void {
    this.state.update((old) => ({ ...old, membersShown: !old.membersShown, panel: old.panel === 'members' ? 'chat' : 'members' }))
    this.memory.remember('members', this.state.get().membersShown ? 'shown' : 'hidden')
  }

  show(panel: InterfaceState['panel']): void {
    this.state.update((old) => ({ ...old, panel }))
  }

  toggleCategory(id: Id): void {
    this.state.update((old) => ({ ...old, collapsed: { ...old.collapsed, [id]: !old.collapsed[id] } }))
    this.memory.remember('collapsed', JSON.stringify(this.state.get().collapsed))
  }

  setTheme(theme: Theme): void {
    this.state.update((old) => ({ ...old, theme }))
    this.memory.remember('theme', theme)
  }

  dialog(dialog: Dialog | null): void {
    this.state.update((old) => ({ ...old, dialog }))
  }

  /** Shows a line for a few seconds. */
  notify(text: string, kind: Notice['kind'] = 'information'): void {
    const notice = { id: ++this.lastNotice, text, kind }
    this.state.update((old) => ({ ...old, notices: [...old.notices.slice(-3), notice] }))
    setTimeout(() => this.dismiss(notice.id), kind === 'error' ? 8_000 : 4_000)
  }

  dismiss(id: number): void {
    this.state.update((old) => ({ ...old, notices: old.notices.filter((notice) => notice.id !== id) }))
  }

  // MARK: Drafts: what was begun in a channel and not sent (kept through a reload and a session that ran out).

  draft(channel: Id): string {
    return this.memory.recall(`draft.${channel}`)
  }

  setDraft(channel: Id, text: string): void {
    this.memory.remember(`draft.${channel}`, text.slice(0, 8_000))
  }
}

function parsed(text: string): Record<Id, boolean> {
  try {
    return JSON.parse(text || '{}') as Record<Id, boolean>
  } catch {
    return {}
  }
}
