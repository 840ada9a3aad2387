// What the parts of one open channel share: which message is being edited, which one is answered, what may be done.

import { createContext, useContext } from 'react'
import { may, type CommunityState } from '../../../model/community/state'
import { Permission, type Channel, type Id, type Message } from '../../../model/community/types'

export interface ChatActions {
  reply: (message: Message | null) => void
  edit: (message: Id | null) => void
  react: (message: Message, emoji: string) => void
  pin: (message: Message) => void
  remove: (message: Message, isSure: boolean) => void
  save: (message: Message, content: string) => void
  jump: (message: Id) => void
  /** Whether the composer shall take the focus. */
  focus: () => void
}

export const ChatContext = createContext<ChatActions | null>(null)

export function useChat(): ChatActions {
  const actions = useContext(ChatContext)
  if (!actions) throw new Error('outside a channel')
  return actions
}

export interface Rights {
  write: boolean
  manage: boolean
  pin: boolean
}

export function rightsIn(state: CommunityState, channel: Channel): Rights {
  const write = may(state, Permission.sendMessages, channel.id)
  const manage = may(state, Permission.manageMessages, channel.id)
  return { write, manage, pin: manage || (write && (channel.type === 'dm' || channel.type === 'group')) }
}
