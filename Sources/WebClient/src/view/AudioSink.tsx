// Everything that is heard: one audio element for each remote audio track, and a way out when the browser wants a click
// before it plays.

import { useEffect, useRef, useState } from 'react'
import type { Participant } from '../model/roomState'
import { useWords } from './useStore'

interface Props {
  people: Participant[]
  tracks: Record<string, MediaStreamTrack>
  speaker: string
}

export function AudioSink({ people, tracks, speaker }: Props): JSX.Element {
  const words = useWords()
  const [blocked, setBlocked] = useState(false)
  const [attempt, setAttempt] = useState(0)
  const sids = people.filter((person) => !person.isLocal).flatMap((person) => person.tracks)
    .filter((track) => tracks[track.sid]?.kind === 'audio').map((track) => track.sid)
  return (
    <div className="sink">
      {sids.map((sid) => (
        <Sound key={sid} track={tracks[sid]!} speaker={speaker} attempt={attempt} onBlocked={() => setBlocked(true)} />
      ))}
      {blocked && (
        <button className="primary unblock" onClick={() => { setBlocked(false); setAttempt(attempt + 1) }}>
          {words('room.enable.audio')}
        </button>
      )}
    </div>
  )
}

function Sound({ track, speaker, attempt, onBlocked }: {
  track: MediaStreamTrack; speaker: string; attempt: number; onBlocked(): void
}): JSX.Element {
  const element = useRef<HTMLAudioElement>(null)
  useEffect(() => {
    const audio = element.current
    if (!audio) return
    audio.srcObject = new MediaStream([track])
    audio.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked()
    })
    return () => { audio.srcObject = null }
    // A new attempt plays again after the person has clicked.
  }, [track, attempt])
  useEffect(() => {
    void element.current?.setSinkId?.(speaker).catch(() => undefined)
  }, [speaker])
  return <audio ref={element} autoPlay />
}
