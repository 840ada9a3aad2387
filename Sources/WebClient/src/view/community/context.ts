// What every view of the community reaches for.

import { createContext, useContext } from 'react'
import type { VoiceClient } from '../../media/voiceClient'
import type { Community } from '../../model/community/community'
import { Problem, type Api } from '../../model/community/http'
import type { Interface, InterfaceState } from '../../model/community/interface'
import type { Session } from '../../model/community/session'
import type { CommunityState } from '../../model/community/state'
import { useStore, useWords, type Words } from '../useStore'
import { isKey } from '../../strings/catalogue'

export interface Client {
  api: Api
  session: Session
  community: Community
  ui: Interface
  voice: VoiceClient
}

export const ClientContext = createContext<Client | null>(null)

export function useClient(): Client {
  const client = useContext(ClientContext)
  if (!client) throw new Error('outside the community')
  return client
}

const StateContext = createContext<CommunityState | null>(null)
export const StateProvider = StateContext.Provider

/** The community as the gateway tells it. */
export function useCommunity(): CommunityState {
  const state = useContext(StateContext)
  if (!state) throw new Error('before the gateway was ready')
  return state
}

export const useInterface = (): InterfaceState => useStore(useClient().ui.state)

/** A refusal in the reader's words. */
export function problemText(words: Words, error: unknown): string {
  if (!(error instanceof Problem)) return words('problem.INTERNAL_ERROR')
  const key = `problem.${error.code}`
  return isKey(key) ? words(key, { seconds: Math.ceil(error.retryAfter ?? 1) }) : error.message
}

/** Runs something that may be refused; the refusal becomes a notice. */
export function useAction(): (body: () => Promise<unknown>) => void {
  const { ui } = useClient()
  const words = useWords()
  return (body) => {
    body().catch((error: unknown) => ui.notify(problemText(words, error), 'error'))
  }
}
