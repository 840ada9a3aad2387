// What is heard from a voice channel, wherever in the page one is; and what the gateway says of our own voice.

import { useEffect, useMemo, useRef } from 'react'
import { orderedParticipants } from '../../../model/roomState'
import type { Id } from '../../../model/community/types'
import { recall } from '../../../model/entry'
import { AudioSink } from '../../AudioSink'
import { useStore } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { useVoice } from './useVoiceChannel'

export function VoiceSound(): JSX.Element | null {
  const { community } = useClient()
  const members = useCommunity()
  const { voice, state } = useVoice()
  const room = useStore(voice.session.room)
  const tracks = useStore(voice.session.remoteTracks)
  const people = useMemo(() => orderedParticipants(room), [room])

  useEffect(() => community.onEvent((op, data) => {
    if (op === 'voice_move') void voice.moved((data as { channel_id: Id | null }).channel_id)
  }), [community, voice])
  const forced = members.voiceStates[members.me.id]?.server_muted ?? false
  const wasForced = useRef(false)
  useEffect(() => {
    if (wasForced.current && !forced) void voice.speakAgain()
    wasForced.current = forced
  }, [forced, voice])
  useEffect(() => {
    const leave = (): void => void voice.leave()
    window.addEventListener('pagehide', leave)
    return () => window.removeEventListener('pagehide', leave)
  }, [voice])
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (!event.ctrlKey || !event.shiftKey) return
      if (event.code === 'KeyM') { event.preventDefault(); voice.toggleMute() }
      if (event.code === 'KeyD') { event.preventDefault(); voice.toggleDeafen() }
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [voice])

  return state.channel === null || state.deafened ? null : <AudioSink people={people} tracks={tracks} speaker={recall('speaker')} />
}
