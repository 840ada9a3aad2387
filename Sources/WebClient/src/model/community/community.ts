// The signed-in client: the gateway feeds the state, the API does what people want, and what they send shows at once.

import { Store } from '../store'
import { Gateway, type Socket } from './gateway'
import { Problem, type Api } from './http'
import * as community from './state'
import type { CommunityState } from './state'
import * as timeline from './timeline'
import type { Timeline } from './timeline'
import type { Attachment, Channel, Id, Message, Ready } from './types'

/** Messages in one page of history. */
const PAGE = 50
/** Between two notices that we are typing, milliseconds. */
const TYPING_EVERY = 8_000

/** Where one is in a channel: the first messages in view and how far below the upper edge they begin. Empty at the end. */
export type Place = { id: Id; top: number }[]

/** What others may want to hear of: notifications, sounds. */
export type CommunityEvent = (op: string, data: unknown, state: CommunityState) => void

export class Community {
  readonly state = new Store<CommunityState | null>(null)
  readonly gateway: Gateway
  /** Grows with each new beginning: what was loaded before must be loaded again. */
  readonly epoch = new Store(0)
  /** Where one was in each channel. */
  readonly places = new Map<Id, Place>()
  private readonly timelines = new Map<Id, Store<Timeline>>()
  private readonly loading = new Set<string>()
  private readonly listeners = new Set<CommunityEvent>()
  private lastTyping: { channel: Id; at: number } | null = null

  constructor(readonly api: Api, open: (query: string) => Socket) {
    this.gateway = new Gateway({ open, renew: () => api.renew(), onEvent: (op, data) => this.take(op, data) })
  }

  start(): void {
    this.gateway.start()
  }

  stop(): void {
    this.gateway.stop()
    this.state.set(null)
    this.timelines.clear()
    this.places.clear()
  }

  onEvent(listener: CommunityEvent): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  timeline(channel: Id): Store<Timeline> {
    let store = this.timelines.get(channel)
    if (!store) this.timelines.set(channel, store = new Store(timeline.emptyTimeline))
    return store
  }

  private take(op: string, data: unknown): void {
    if (op === 'ready') {
      this.state.set(community.fromReady(data as Ready))
      // What was loaded before the gap may lack what was written in it.
      for (const store of this.timelines.values()) store.update((old) => ({ ...timeline.emptyTimeline, pending: old.pending }))
      this.epoch.update((epoch) => epoch + 1)
    } else {
      this.state.update((state) => state && community.reduce(state, op, data, Date.now()))
      this.change(op, data as Record<string, unknown>)
    }
    const state = this.state.get()
    if (state) for (const listener of [...this.listeners]) listener(op, data, state)
  }

  private change(op: string, d: Record<string, unknown>): void {
    const update = (channel: unknown, body: (old: Timeline) => Timeline): void => {
      const store = this.timelines.get(channel as Id)
      if (store && (store.get().messages.length > 0 || !store.get().hasOlder || store.get().pending.length > 0)) store.update(body)
    }
    const message = d['message'] as Message
    switch (op) {
      case 'message_create': return update(message.channel_id, (old) => timeline.received(old, message, this.isReading(message.channel_id)))
      case 'message_update': return update(message.channel_id, (old) => timeline.updated(old, message))
      case 'message_delete': return update(d['channel_id'], (old) => timeline.removed(old, [d['id'] as Id]))
      case 'messages_bulk_delete': return update(d['channel_id'], (old) => timeline.removed(old, d['ids'] as Id[]))
      case 'reaction_add':
      case 'reaction_remove': {
        // Nobody in particular: all of this kind were taken away.
        if (d['user_id'] === null) return update(d['channel_id'], (old) => timeline.unreacted(old, d['message_id'] as Id, d['emoji'] as string))
        const isMine = d['user_id'] === this.state.get()?.me.id
        const by = op === 'reaction_add' ? 1 : -1
        return update(d['channel_id'], (old) => timeline.reacted(old, d['message_id'] as Id, d['emoji'] as string, by, isMine))
      }
      case 'message_pin':
      case 'message_unpin':
        return update(d['channel_id'], (old) => timeline.pinned(old, d['message_id'] as Id, op === 'message_pin'))
      case 'channel_delete': {
        this.timelines.delete(d['id'] as Id)
        this.places.delete(d['id'] as Id)
      }
    }
  }

  /** Whether one is somewhere above the end of a channel. */
  private isReading(channel: Id): boolean {
    return (this.places.get(channel)?.length ?? 0) > 0
  }

  // MARK: History

  /** Loads the newest page of a channel, if nothing of it is there yet. */
  async open(channel: Id): Promise<void> {
    const known = this.timeline(channel).get()
    if (known.messages.length > 0 || !known.hasOlder) return
    await this.once(`${channel} newest`, async () => {
      const messages = await this.page(channel, '')
      this.timeline(channel).update((old) => timeline.open(old, { messages, asked: PAGE }, null))
    })
  }

  /** Nobody looks at the channel any more. */
  leave(channel: Id): void {
    this.timelines.get(channel)?.update((old) => timeline.trimmed(old, this.places.get(channel)?.[0]?.id ?? null))
  }

  /** Shows the surroundings of one message: of a search hit, a reply, the first unread. */
  async jump(channel: Id, message: Id): Promise<void> {
    if (this.timeline(channel).get().messages.some((known) => known.id === message)) return
    const messages = await this.page(channel, `&around=${message}`)
    this.timeline(channel).update((old) => timeline.open(old, { messages, asked: PAGE }, message))
  }

  /** Back to the newest messages after a jump. */
  async toNewest(channel: Id): Promise<void> {
    if (!this.timeline(channel).get().hasNewer) return
    const messages = await this.page(channel, '')
    this.timeline(channel).update((old) => timeline.open(old, { messages, asked: PAGE }, null))
  }

  async loadOlder(channel: Id): Promise<void> {
    const { messages, hasOlder } = this.timeline(channel).get()
    const first = messages[0]
    if (!hasOlder || !first) return
    await this.once(`${channel} older`, async () => {
      const older = await this.page(channel, `&before=${first.id}`)
      this.timeline(channel).update((old) => timeline.prepend(old, { messages: older, asked: PAGE }))
    })
  }

  async loadNewer(channel: Id): Promise<void> {
    const { messages, hasNewer } = this.timeline(channel).get()
    const last = messages[messages.length - 1]
    if (!hasNewer || !last) return
    await this.once(`${channel} newer`, async () => {
      const newer = await this.page(channel, `&after=${last.id}`)
      this.timeline(channel).update((old) => timeline.append(old, { messages: newer, asked: PAGE }))
    })
  }

  private async page(channel: Id, query: string): Promise<Message[]> {
    const answer = await this.api.get<{ messages: Message[] }>(`/channels/${channel}/messages?limit=${PAGE}${query}`)
    return answer.messages
  }

  /** Scrolling asks many times for the same page. */
  private async once(key: string, body: () => Promise<void>): Promise<void> {
    if (this.loading.has(key)) return
    this.loading.add(key)
    try {
      await body()
    } finally {
      this.loading.delete(key)
    }
  }

  // MARK: Writing

  /** Sends a message. It stands in the timeline at once, and stays there with the reason if it is refused. */
  async send(channel: Id, content: string, attachments: Attachment[] = [], replyTo: Id | null = null): Promise<void> {
    // What is typed after this is something new.
    this.lastTyping = null
    await this.toNewest(channel)
    const nonce = crypto.getRandomValues(new Uint32Array(3)).join('').slice(0, 24)
    await this.deliver(channel, { nonce, content, attachments, replyTo, createdAt: Date.now(), failure: null })
  }

  /** Tries a refused message again under the same nonce: if it did get through, it is not doubled. */
  async retry(channel: Id, nonce: string): Promise<void> {
    const pending = this.timeline(channel).get().pending.find((entry) => entry.nonce === nonce)
    if (pending) await this.deliver(channel, { ...pending, failure: null })
  }

  discard(channel: Id, nonce: string): void {
    this.timeline(channel).update((old) => timeline.discarded(old, nonce))
  }

  private async deliver(channel: Id, pending: timeline.PendingMessage): Promise<void> {
    const store = this.timeline(channel)
    store.update((old) => timeline.sent(old, pending))
    try {
      const { message } = await this.api.post<{ message: Message }>(`/channels/${channel}/messages`, {
        nonce: pending.nonce,
        ...(pending.content ? { content: pending.content } : {}),
        ...(pending.attachments.length > 0 ? { attachments: pending.attachments.map((attachment) => attachment.id) } : {}),
        ...(pending.replyTo ? { reply_to: pending.replyTo } : {}),
      })
      store.update((old) => timeline.received(old, { ...message, nonce: pending.nonce }))
    } catch (error) {
      store.update((old) => timeline.failed(old, pending.nonce, error instanceof Problem ? error.code : 'NETWORK'))
      throw error
    }
  }

  async edit(message: Message, content: string): Promise<void> {
    const answer = await this.api.patch<{ message: Message }>(`/messages/${message.id}`, { content })
    this.timeline(message.channel_id).update((old) => timeline.updated(old, answer.message))
  }

  async delete(message: Message): Promise<void> {
    await this.api.delete(`/messages/${message.id}`)
    this.timeline(message.channel_id).update((old) => timeline.removed(old, [message.id]))
  }

  async react(message: Message, emoji: string): Promise<void> {
    const isMine = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.me)
    const store = this.timeline(message.channel_id)
    const by = isMine ? -1 : 1
    store.update((old) => timeline.reacted(old, message.id, emoji, by, true))
    const path = `/messages/${message.id}/reactions/${encodeURIComponent(emoji)}/me`
    try {
      await (isMine ? this.api.delete(path) : this.api.put(path))
    } catch (error) {
      store.update((old) => timeline.reacted(old, message.id, emoji, by === 1 ? -1 : 1, true))
      throw error
    }
  }

  async pin(message: Message, pinned: boolean): Promise<void> {
    const path = `/messages/${message.id}/pin`
    await (pinned ? this.api.put(path) : this.api.delete(path))
  }

  /** The conversation with one other person; it is in the list from now on. */
  async converse(user: Id): Promise<Id> {
    const known = Object.values(this.state.get()?.channels ?? {})
      .find((channel) => channel.type === 'dm' && channel.participants?.includes(user) && user !== this.state.get()?.me.id)
    if (known) return known.id
    const { channel } = await this.api.post<{ channel: Channel }>('/conversations', { user_ids: [user] })
    this.state.update((state) => state && community.reduce(state, 'channel_create', { channel }, Date.now()))
    return channel.id
  }

  /** Says that we type, now and then. */
  typing(channel: Id): void {
    const now = Date.now()
    if (this.lastTyping?.channel === channel && now - this.lastTyping.at < TYPING_EVERY) return
    this.lastTyping = { channel, at: now }
    this.gateway.send('typing', { channel_id: channel })
  }

  /** Everything in the channel has been seen. */
  async markRead(channel: Channel): Promise<void> {
    const state = this.state.get()
    const last = channel.last_message_id
    if (!state || !last) return
    const known = state.readStates[channel.id]
    if (known?.last_read_message_id === last && known.mention_count === 0) return
    const read = { channel_id: channel.id, last_read_message_id: last, mention_count: 0 }
    this.state.update((old) => old && { ...old, readStates: { ...old.readStates, [channel.id]: read } })
    await this.api.post(`/channels/${channel.id}/read`, { message_id: last }).catch(() => undefined)
  }
}
