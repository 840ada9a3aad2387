// What deserves a notification, a sound, a number in the title. Pure.

import { parseMarkdown, plainText } from '../markdown'
import { mentionText } from './mentions'
import { mentions, nameOf, type CommunityState } from './state'
import type { Id, Message } from './types'

/** Mentions and direct messages that nobody has looked at yet. */
export const mentionCount = (state: CommunityState): number =>
  Object.values(state.readStates).reduce((sum, read) => sum + (state.channels[read.channel_id] ? read.mention_count : 0), 0)

/** Whether a message shall make itself heard: it means us, is not ours, we want to hear it, and we do not see it anyway. */
export function isNotable(state: CommunityState, message: Message, seen: Id | null): boolean {
  const isDisturbing = (state.presences[state.me.id] ?? state.me.status) !== 'dnd'
  return isDisturbing && message.user_id !== state.me.id && message.channel_id !== seen && mentions(state, message)
}

export function noticeOf(state: CommunityState, message: Message): { title: string; body: string } {
  const member = state.members[message.user_id]
  const channel = state.channels[message.channel_id]
  const place = channel && channel.type !== 'dm' ? ` (${channel.type === 'text' ? '#' : ''}${channel.name})` : ''
  const body = plainText(parseMarkdown(message.content ?? ''), (node) => mentionText(state, node as never))
  return { title: nameOf(member ?? message.author) + place, body: body.slice(0, 200) || message.attachments.map((file) => file.filename).join(', ') }
}

/** `#/channels/CHANNEL/MESSAGE`, the message may be left out. */
export function placeIn(hash: string): { channel: Id; message: Id | null } | null {
  const match = /^#\/channels\/([0-9a-f]{16})(?:\/([0-9a-f]{16}))?$/.exec(hash)
  return match ? { channel: match[1]!, message: match[2] ?? null } : null
}
