// A room without an account: from the door to the room and back.

import { useEffect, useState } from 'react'
import { MediaSession } from '../media/mediaSession'
import { recall, remember, requestToken, roomFromAddress, TokenRefused } from '../model/entry'
import { isKey, translate, type Language } from '../strings/catalogue'
import { JoinScreen, type JoinChoice } from './JoinScreen'
import { RoomScreen } from './RoomScreen'
import { useStore } from './useStore'

const session = new MediaSession()
// Tests and people with a console may look at what the page does.
Object.assign(window, { mqvi: session })

export function GuestRoom({ language, onLanguage }: { language: Language; onLanguage: () => void }): JSX.Element {
  const [choice, setChoice] = useState<JoinChoice | null>(null)
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const [speaker, setSpeaker] = useState(recall('speaker'))
  const room = useStore(session.room)

  useEffect(() => {
    if (room.connection !== 'ended' || !choice) return
    if (room.endReason) setFailure(endText(language, room.endReason))
    setChoice(null)
    setBusy(false)
  }, [room.connection, room.endReason, choice, language])

  useEffect(() => {
    const leave = (): void => void session.disconnect()
    window.addEventListener('pagehide', leave)
    return () => window.removeEventListener('pagehide', leave)
  }, [])

  const join = async (chosen: JoinChoice): Promise<void> => {
    setBusy(true)
    setFailure(null)
    remember('name', chosen.name)
    remember('microphone', chosen.microphone)
    remember('speaker', chosen.speaker)
    setSpeaker(chosen.speaker)
    history.replaceState(null, '', `#${encodeURIComponent(chosen.room)}`)
    try {
      const token = await requestToken(location.origin, chosen.room, chosen.name)
      setChoice(chosen)
      await session.connect(location.origin, token)
      setBusy(false)
      if (chosen.track) await session.publish(chosen.track, 'MICROPHONE', chosen.muted)
    } catch (error) {
      setBusy(false)
      if (error instanceof TokenRefused) setFailure(translate(language, 'error.token') + error.message)
      else if (session.room.get().connection !== 'connected') {
        setChoice(null)
        setFailure((known) => known ?? translate(language, 'error.unreachable'))
      }
    }
  }

  const isInside = choice !== null && room.connection !== 'idle' && room.connection !== 'ended' && room.localSid !== ''
  return (
    <>
      {isInside && choice
        ? <RoomScreen session={session} microphone={choice.microphone} speaker={speaker}
            onSpeaker={(id) => { setSpeaker(id); remember('speaker', id) }}
            onLeave={() => { setChoice(null); void session.disconnect() }} />
        : <JoinScreen busy={busy} failure={failure} onJoin={(chosen) => void join(chosen)} onLanguage={onLanguage}
            initial={{ name: recall('name'), room: roomFromAddress(location.hash), microphone: recall('microphone'), speaker }} />}
    </>
  )
}

function endText(language: Language, reason: string): string {
  for (const key of [`ended.${reason}`, `error.${reason}`]) if (isKey(key)) return translate(language, key)
  return translate(language, 'ended.other')
}
