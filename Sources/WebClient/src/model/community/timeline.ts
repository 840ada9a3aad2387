// The messages of one channel: a window into its history that grows at both ends, and what was sent and not yet confirmed.

import type { Attachment, Id, Message } from './types'

/** A message of ours on its way, or one that did not get through. */
export interface PendingMessage {
  nonce: string
  content: string
  attachments: Attachment[]
  replyTo: Id | null
  createdAt: number
  /** Why it was refused; null while it is on its way. */
  failure: string | null
}

export interface Timeline {
  /** Ascending by id, without gaps between them. */
  messages: Message[]
  hasOlder: boolean
  /** False when the window ends at the newest message: then new ones are appended. */
  hasNewer: boolean
  pending: PendingMessage[]
}

export const emptyTimeline: Timeline = { messages: [], hasOlder: true, hasNewer: false, pending: [] }

/** Messages that are kept at once. Beyond it the far end is let go and can be loaded again. */
export const WINDOW = 400

/** Messages that are kept of a channel that one has left. */
const KEPT = 60

/** A page that was loaded: `messages` in any order, `asked` how many were asked for. */
export interface Page {
  messages: Message[]
  asked: number
}

const ascending = (a: Message, b: Message): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** The newest page, or the one around a message: the window begins anew. */
export function open(timeline: Timeline, page: Page, around: Id | null): Timeline {
  const messages = [...page.messages].sort(ascending)
  const half = Math.floor(page.asked / 2)
  const before = around === null ? messages.length : messages.filter((message) => message.id < around).length
  const after = around === null ? 0 : messages.length - before
  return {
    ...timeline, messages,
    hasOlder: around === null ? messages.length >= page.asked : before >= half,
    hasNewer: around !== null && after >= half,
  }
}

export function prepend(timeline: Timeline, page: Page): Timeline {
  const messages = merged(page.messages, timeline.messages)
  const cut = messages.slice(0, WINDOW)
  return { ...timeline, messages: cut, hasOlder: page.messages.length >= page.asked, hasNewer: timeline.hasNewer || cut.length < messages.length }
}

export function append(timeline: Timeline, page: Page): Timeline {
  const messages = merged(timeline.messages, page.messages)
  const cut = messages.slice(-WINDOW)
  return { ...timeline, messages: cut, hasNewer: page.messages.length >= page.asked, hasOlder: timeline.hasOlder || cut.length < messages.length }
}

/** Lets go of what is far from where one was (`around`, or the end), so that coming back to the channel draws little. */
export function trimmed(timeline: Timeline, around: Id | null): Timeline {
  const { messages } = timeline
  if (messages.length <= KEPT) return timeline
  const at = around === null ? -1 : messages.findIndex((message) => message.id === around)
  const isAtEnd = at < 0
  if (isAtEnd && timeline.hasNewer) return timeline
  const start = Math.max(0, isAtEnd ? messages.length - KEPT : at - KEPT / 3)
  const end = Math.min(messages.length, start + KEPT)
  return { ...timeline, messages: messages.slice(start, end), hasOlder: timeline.hasOlder || start > 0, hasNewer: timeline.hasNewer || end < messages.length }
}

function merged(a: Message[], b: Message[]): Message[] {
  const known = new Map<Id, Message>()
  for (const message of [...a, ...b]) known.set(message.id, message)
  return [...known.values()].sort(ascending)
}

/**
 * A message that has just been written by anybody. Ours takes the place of what was pending under its nonce. While
 * somebody reads further up (`isReading`) nothing of what they read is let go for it: it can be loaded later.
 */
export function received(timeline: Timeline, message: Message, isReading = false): Timeline {
  const pending = message.nonce ? timeline.pending.filter((entry) => entry.nonce !== message.nonce) : timeline.pending
  if (timeline.hasNewer) return pending.length === timeline.pending.length ? timeline : { ...timeline, pending }
  if (isReading && timeline.messages.length >= WINDOW) return { ...timeline, pending, hasNewer: true }
  return { ...append({ ...timeline, pending }, { messages: [message], asked: 2 }), hasNewer: false }
}

export function updated(timeline: Timeline, message: Message): Timeline {
  const index = timeline.messages.findIndex((known) => known.id === message.id)
  const known = timeline.messages[index]
  if (!known) return timeline
  const messages = [...timeline.messages]
  // An update for everybody cannot say which reactions are ours: that is kept from what we know.
  const reactions = message.reactions.map((reaction) => ({
    ...reaction, me: reaction.me || known.reactions.some((mine) => mine.emoji === reaction.emoji && mine.me),
  }))
  messages[index] = { ...known, ...message, reactions }
  return { ...timeline, messages }
}

export function removed(timeline: Timeline, ids: Id[]): Timeline {
  const messages = timeline.messages.filter((message) => !ids.includes(message.id))
  return messages.length === timeline.messages.length ? timeline : { ...timeline, messages }
}

/** Somebody added a reaction (`by` = 1) or took it back (−1). */
export function reacted(timeline: Timeline, id: Id, emoji: string, by: 1 | -1, isMine: boolean): Timeline {
  const message = timeline.messages.find((candidate) => candidate.id === id)
  if (!message) return timeline
  const known = message.reactions.find((reaction) => reaction.emoji === emoji)
  // Our own click was drawn before the server said so.
  if (isMine && known && known.me === (by === 1)) return timeline
  const changed = { emoji, count: (known?.count ?? 0) + by, me: isMine ? by === 1 : known?.me ?? false }
  const reactions = known
    ? message.reactions.map((reaction) => (reaction.emoji === emoji ? changed : reaction)).filter((reaction) => reaction.count > 0)
    : by === 1 ? [...message.reactions, changed] : message.reactions
  const messages = timeline.messages.map((candidate) => (candidate.id === id ? { ...message, reactions } : candidate))
  return { ...timeline, messages }
}

/** A kind of reaction was taken from a message, whoever chose it. */
export function unreacted(timeline: Timeline, id: Id, emoji: string): Timeline {
  return changed(timeline, id, (message) => ({ ...message, reactions: message.reactions.filter((reaction) => reaction.emoji !== emoji) }))
}

export function pinned(timeline: Timeline, id: Id, isPinned: boolean): Timeline {
  return changed(timeline, id, (message) => (message.pinned === isPinned ? message : { ...message, pinned: isPinned }))
}

function changed(timeline: Timeline, id: Id, change: (message: Message) => Message): Timeline {
  return { ...timeline, messages: timeline.messages.map((message) => (message.id === id ? change(message) : message)) }
}

export function sent(timeline: Timeline, pending: PendingMessage): Timeline {
  const others = timeline.pending.filter((entry) => entry.nonce !== pending.nonce)
  return { ...timeline, pending: [...others, pending] }
}

export function failed(timeline: Timeline, nonce: string, failure: string): Timeline {
  return { ...timeline, pending: timeline.pending.map((entry) => (entry.nonce === nonce ? { ...entry, failure } : entry)) }
}

export function discarded(timeline: Timeline, nonce: string): Timeline {
  return { ...timeline, pending: timeline.pending.filter((entry) => entry.nonce !== nonce) }
}
