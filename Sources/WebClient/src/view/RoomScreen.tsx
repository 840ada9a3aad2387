// The room: who is here, what they show, and the bar with which one takes part.

import { useCallback, useEffect, useMemo, useState } from 'react'
import { canShareScreen, deviceError, openCamera, openScreen } from '../media/devices'
import type { MediaSession } from '../media/mediaSession'
import { orderedParticipants, trackOf } from '../model/roomState'
import type { Key } from '../strings/catalogue'
import { AudioSink } from './AudioSink'
import { ControlBar } from './ControlBar'
import { DeviceDialog } from './DeviceDialog'
import { PeopleList } from './PeopleList'
import { Stage, stageItems } from './Stage'
import { useStore, useWords } from './useStore'

interface Props {
  session: MediaSession
  microphone: string
  speaker: string
  onSpeaker(deviceId: string): void
  onLeave(): void
}

export function RoomScreen({ session, microphone, speaker, onSpeaker, onLeave }: Props): JSX.Element {
  const words = useWords()
  const room = useStore(session.room)
  const remote = useStore(session.remoteTracks)
  const local = useStore(session.localTracks)
  const [problem, setProblem] = useState<Key | null>(null)
  const [showsPeople, setShowsPeople] = useState(false)
  const [showsDevices, setShowsDevices] = useState(false)
  const people = useMemo(() => orderedParticipants(room), [room])
  const items = useMemo(() => stageItems(people, remote, local), [people, remote, local])
  const me = people.find((person) => person.isLocal)
  const microphoneTrack = me && trackOf(me, 'MICROPHONE')

  const toggleMicrophone = useCallback(() => {
    if (microphoneTrack) session.setMuted('MICROPHONE', !microphoneTrack.muted)
  }, [session, microphoneTrack])

  const toggleCamera = async (): Promise<void> => {
    if (local.CAMERA) return session.unpublish('CAMERA')
    let track: MediaStreamTrack
    try {
      track = await openCamera('')
    } catch (error) {
      return setProblem(deviceError(error, 'camera'))
    }
    await session.publish(track, 'CAMERA').catch(() => setProblem('error.publish'))
  }

  const toggleShare = async (): Promise<void> => {
    if (local.SCREEN_SHARE) {
      await session.unpublish('SCREEN_SHARE')
      return session.unpublish('SCREEN_SHARE_AUDIO')
    }
    if (!canShareScreen()) return setProblem('error.share.unsupported')
    let screen: Awaited<ReturnType<typeof openScreen>>
    try {
      screen = await openScreen()
    } catch (error) {
      // Closing the picker is a decision, not an error.
      if (error instanceof DOMException && error.name === 'NotAllowedError') return undefined
      return setProblem('error.share.failed')
    }
    try {
      await session.publish(screen.video, 'SCREEN_SHARE')
      if (screen.audio) await session.publish(screen.audio, 'SCREEN_SHARE_AUDIO')
      const { audio, video } = screen
      video.addEventListener('ended', () => { if (audio) void session.unpublish('SCREEN_SHARE_AUDIO') })
    } catch {
      setProblem('error.publish')
    }
  }

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey && event.shiftKey && event.code === 'KeyM') {
        event.preventDefault()
        toggleMicrophone()
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [toggleMicrophone])

  return (
    <main className="room">
      <header className="room-head">
        <h1><span aria-hidden="true">#</span> {room.roomName}</h1>
        {room.connection === 'reconnecting' && <p className="notice bad" role="status">{words('room.reconnecting')}</p>}
        {room.connection === 'connecting' && <p className="notice" role="status">{words('room.connecting')}</p>}
        {problem && (
          <p className="notice bad" role="alert">
            {words(problem)} <button className="link" onClick={() => setProblem(null)}>{words('settings.close')}</button>
          </p>
        )}
      </header>
      <div className="room-body">
        <Stage items={items} people={people} session={session} paused={room.pausedTracks} />
        <PeopleList people={people} isOpen={showsPeople} onClose={() => setShowsPeople(false)} />
      </div>
      <ControlBar
        microphone={microphoneTrack ? (microphoneTrack.muted ? 'muted' : 'on') : 'none'}
        camera={!!local.CAMERA} share={!!local.SCREEN_SHARE} people={people.length}
        onMicrophone={toggleMicrophone} onCamera={() => void toggleCamera()} onShare={() => void toggleShare()}
        onPeople={() => setShowsPeople(!showsPeople)} onSettings={() => setShowsDevices(true)} onLeave={onLeave} />
      <AudioSink people={people} tracks={remote} speaker={speaker} />
      {showsDevices && (
        <DeviceDialog session={session} microphone={microphone} speaker={speaker} onSpeaker={onSpeaker}
          onClose={() => setShowsDevices(false)} />
      )}
    </main>
  )
}
