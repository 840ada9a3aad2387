// Signed in or not, and how one gets from one to the other. The tokens themselves are cookies that no script sees.

import { Store } from '../store'
import { Problem, type Api } from './http'
import type { User } from './types'

export type SessionState =
  | { phase: 'starting' }
  /** The server has no owner yet. */
  | { phase: 'setup'; codeNeeded: boolean }
  | { phase: 'signedOut'; expired: boolean }
  /** The password was right; a code is wanted next. */
  | { phase: 'secondFactor'; ticket: string }
  | { phase: 'signedIn'; user: User }
  /** No answer from the server. */
  | { phase: 'unreachable' }

export interface SetupInput {
  server_name: string
  username: string
  email?: string
  password: string
  locale: string
  /** What the server printed when it started. */
  setup_code?: string
}

export class Session {
  readonly state = new Store<SessionState>({ phase: 'starting' })

  constructor(private readonly api: Api) {
    api.onSignedOut = () => {
      if (this.state.get().phase === 'signedIn') this.state.set({ phase: 'signedOut', expired: true })
    }
  }

  /** Finds out where we stand. */
  async start(): Promise<void> {
    this.state.set({ phase: 'starting' })
    try {
      const { user } = await this.api.get<{ user: User }>('/users/me')
      this.state.set({ phase: 'signedIn', user })
    } catch (error) {
      if (error instanceof Problem && error.code === 'NETWORK') return this.state.set({ phase: 'unreachable' })
      const setup = await this.api.get<{ setup: { needed: boolean; code_needed: boolean } }>('/setup').catch(() => null)
      this.state.set(setup?.setup.needed ? { phase: 'setup', codeNeeded: setup.setup.code_needed } : { phase: 'signedOut', expired: false })
    }
  }

  /** Makes the server its owner's. */
  async setUp(input: SetupInput): Promise<void> {
    await this.api.post('/setup', input)
    await this.start()
  }

  async login(login: string, password: string): Promise<void> {
    try {
      const { user } = await this.api.post<{ user: User }>('/auth/login', { login, password })
      this.state.set({ phase: 'signedIn', user })
    } catch (error) {
      const ticket = error instanceof Problem && error.code === 'TWO_FACTOR_REQUIRED' ? error.body['ticket'] : undefined
      if (typeof ticket !== 'string') throw error
      this.state.set({ phase: 'secondFactor', ticket })
    }
  }

  /** The six digits of an authenticator, or one of the recovery codes. */
  async confirm(code: string): Promise<void> {
    const state = this.state.get()
    if (state.phase !== 'secondFactor') return
    const { user } = await this.api.post<{ user: User }>('/auth/two-factor', { ticket: state.ticket, code })
    this.state.set({ phase: 'signedIn', user })
  }

  /** A new account, with an invitation. */
  async register(input: { username: string; email?: string; password: string; invite_code: string }): Promise<void> {
    const { user } = await this.api.post<{ user: User }>('/auth/register', input)
    this.state.set({ phase: 'signedIn', user })
  }

  async logout(): Promise<void> {
    await this.api.post('/auth/logout').catch(() => undefined)
    this.state.set({ phase: 'signedOut', expired: false })
  }
}
