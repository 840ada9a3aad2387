// Mentions as people type them, `@ayşe`, `#genel`, and as messages carry them, `<@id>`, `<#id>`. Pure.

import { withEmojis } from '../emoji'
import { nameOf, type CommunityState } from './state'
import type { Id } from './types'

/** Parts of a text that are code and parts that are not, in turns: even ones are not. */
const aroundCode = (text: string): string[] => text.split(/(```[^]*?```|`[^`\n]*`)/)

const outsideCode = (text: string, change: (part: string) => string): string =>
  aroundCode(text).map((part, index) => (index % 2 === 0 ? change(part) : part)).join('')

/** What is sent: names with the ids that they stand for, `:names:` of emojis as emojis. */
export function encodeMentions(text: string, state: CommunityState): string {
  const people = names(Object.values(state.members).map((member) => [member.username, `<@${member.id}>`] as const))
  const roles = names(Object.values(state.roles).filter((role) => !role.is_default).map((role) => [role.name, `<@&${role.id}>`] as const))
  const channels = names(Object.values(state.channels).filter((channel) => channel.type === 'text' || channel.type === 'voice')
    .map((channel) => [channel.name, `<#${channel.id}>`] as const))
  return outsideCode(text, (part) => withEmojis(part.replace(/(?<![\p{L}\p{N}_<&])([@#])([^\s@#][^@#\n]{0,100})/gu, (whole, sign: string, rest: string) => {
    const found = sign === '@' ? longest(people, rest) ?? longest(roles, rest) : longest(channels, rest)
    return found ? found.token + rest.slice(found.length) : whole
  })))
}

/** What is edited: ids with the names that they stand for. */
export function decodeMentions(text: string, state: CommunityState): string {
  return outsideCode(text, (part) => part.replace(/<(@&|@|#)([0-9a-f]{16})>/g, (whole, sign: string, id: Id) => {
    if (sign === '@') return state.members[id] ? `@${state.members[id]!.username}` : whole
    if (sign === '@&') return state.roles[id] ? `@${state.roles[id]!.name}` : whole
    return state.channels[id] ? `#${state.channels[id]!.name}` : whole
  }))
}

type Names = Map<string, string>
const names = (pairs: (readonly [string, string])[]): Names => new Map(pairs.map(([name, token]) => [name.toLowerCase(), token]))

/** The longest name that `rest` begins with, if no letter goes on behind it. */
function longest(known: Names, rest: string): { token: string; length: number } | null {
  const lower = rest.toLowerCase()
  let found: { token: string; length: number } | null = null
  for (const [name, token] of known) {
    const isWhole = lower.startsWith(name) && !/^[\p{L}\p{N}_]$/u.test([...rest.slice(name.length)][0] ?? '')
    if (isWhole && name.length > (found?.length ?? 0)) found = { token, length: name.length }
  }
  return found
}

/** How a mention is read out in quotes and notifications. */
export function mentionText(state: CommunityState, node: { kind: string; id?: Id; word?: string }): string {
  if (node.kind === 'everyone') return node.word ?? ''
  const id = node.id ?? ''
  if (node.kind === 'user') return `@${state.members[id] ? nameOf(state.members[id]!) : '?'}`
  if (node.kind === 'role') return `@${state.roles[id]?.name ?? '?'}`
  return `#${state.channels[id]?.name ?? '?'}`
}
