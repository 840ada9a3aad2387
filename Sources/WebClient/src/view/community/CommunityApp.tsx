// The community from the door to the last dialog.

import { useEffect, useState } from 'react'
import { VoiceClient } from '../../media/voiceClient'
import { Community } from '../../model/community/community'
import type { Socket } from '../../model/community/gateway'
import { Api } from '../../model/community/http'
import { Interface } from '../../model/community/interface'
import { Session } from '../../model/community/session'
import { recall, remember } from '../../model/entry'
import type { Language } from '../../strings/catalogue'
import { MenuProvider } from '../parts/Menu'
import { Notices } from '../parts/Notices'
import { useStore } from '../useStore'
import { AuthScreens } from './AuthScreens'
import { ClientContext, StateProvider, type Client } from './context'
import { Shell } from './Shell'
import { ShellSkeleton } from './ShellSkeleton'

function makeClient(): Client {
  const api = new Api()
  const open = (query: string): Socket =>
    new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws${query}`) as unknown as Socket
  const community = new Community(api, open)
  const voice = new VoiceClient(api, { recall, remember }, (state) => void community.gateway.send('voice_state', state))
  // Tests and people with a console may look at what the page does.
  Object.assign(window, { mqvi: voice.session })
  return { api, session: new Session(api), community, voice, ui: new Interface({ recall, remember }) }
}

/** `#/invite/CODE`. */
function inviteIn(hash: string): string | null {
  const code = /^#\/invite\/([^/]+)$/.exec(hash)?.[1]
  return code ? decodeURIComponent(code) : null
}

export function CommunityApp({ onGuest, onLanguage }: { onGuest: () => void; onLanguage: (language: Language) => void }): JSX.Element {
  const [client] = useState(makeClient)
  const { session, community, ui } = client
  const state = useStore(session.state)
  const ready = useStore(community.state)
  const line = useStore(community.gateway.state)
  const { theme } = useStore(ui.state)
  const [invite, setInvite] = useState(inviteIn(location.hash))

  useEffect(() => { document.documentElement.dataset['theme'] = theme }, [theme])
  useEffect(() => {
    void session.start()
    const changed = (): void => setInvite(inviteIn(location.hash))
    const hurry = (): void => { if (document.visibilityState === 'visible') community.gateway.hurry() }
    window.addEventListener('hashchange', changed)
    window.addEventListener('online', hurry)
    document.addEventListener('visibilitychange', hurry)
    return () => {
      window.removeEventListener('hashchange', changed)
      window.removeEventListener('online', hurry)
      document.removeEventListener('visibilitychange', hurry)
    }
  }, [session, community])

  const isSignedIn = state.phase === 'signedIn'
  useEffect(() => {
    if (!isSignedIn) return undefined
    if (/^#\/(invite|setup)\//.test(location.hash)) history.replaceState(null, '', location.pathname)
    community.start()
    return () => { void client.voice.leave(); community.stop() }
  }, [isSignedIn, community, client])
  useEffect(() => { if (line === 'signedOut') session.state.set({ phase: 'signedOut', expired: true }) }, [line, session])

  return (
    <ClientContext.Provider value={client}>
      <MenuProvider>
        {state.phase === 'starting' || (isSignedIn && !ready)
          ? <ShellSkeleton />
          : isSignedIn && ready
            ? <StateProvider value={ready}><Shell onLanguage={onLanguage} /></StateProvider>
            : <AuthScreens state={state} invite={invite} onGuest={onGuest} />}
        <Notices />
      </MenuProvider>
    </ClientContext.Provider>
  )
}
