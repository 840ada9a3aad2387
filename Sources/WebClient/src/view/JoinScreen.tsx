// The door: a name, a room, and devices that one has seen work before going in.

import { useEffect, useRef, useState } from 'react'
import { canCapture, deviceError, listDevices, noDevices, openMicrophone, type Devices } from '../media/devices'
import type { Key } from '../strings/catalogue'
import { DeviceSelect } from './DeviceSelect'
import { LevelMeter } from './LevelMeter'
import { useWords } from './useStore'

export interface JoinChoice {
  name: string
  room: string
  microphone: string
  speaker: string
  /** Null: join as a listener. */
  track: MediaStreamTrack | null
  muted: boolean
}

interface Props {
  initial: { name: string; room: string; microphone: string; speaker: string }
  busy: boolean
  failure: string | null
  onJoin(choice: JoinChoice): void
  onLanguage(): void
}

export function JoinScreen({ initial, busy, failure, onJoin, onLanguage }: Props): JSX.Element {
  const words = useWords()
  const [name, setName] = useState(initial.name)
  const [room, setRoom] = useState(initial.room)
  const [microphone, setMicrophone] = useState(initial.microphone)
  const [speaker, setSpeaker] = useState(initial.speaker)
  const [muted, setMuted] = useState(false)
  const [devices, setDevices] = useState<Devices>(noDevices)
  const [problem, setProblem] = useState<Key | null>(canCapture() ? null : 'error.insecure')
  const [track, setTrack] = useState<MediaStreamTrack | null>(null)
  const handedOver = useRef(false)

  useEffect(() => {
    if (!canCapture()) return
    let current: MediaStreamTrack | null = null
    let gone = false
    openMicrophone(microphone).then(
      async (opened) => {
        if (gone) { opened.stop(); return }
        current = opened
        setTrack(opened)
        setProblem(null)
        setDevices(await listDevices())
      },
      (error: unknown) => {
        if (!gone) { setTrack(null); setProblem(deviceError(error, 'microphone')) }
      },
    )
    return () => {
      gone = true
      if (!handedOver.current) current?.stop()
    }
  }, [microphone])

  // Nobody shall be a listener because the browser took a moment to open the microphone.
  const isOpening = track === null && problem === null
  const ready = name.trim() !== '' && room.trim() !== '' && !busy && !isOpening
  const submit = (event: React.FormEvent): void => {
    event.preventDefault()
    if (!ready) return
    handedOver.current = true
    onJoin({ name: name.trim(), room: room.trim(), microphone, speaker, track, muted })
  }

  return (
    <main className="door">
      <form className="card" onSubmit={submit} aria-labelledby="join-title">
        <header className="card-head">
          <span className="logo" aria-hidden="true">m</span>
          <div>
            <h1 id="join-title">{words('join.title')}</h1>
            <p className="quiet">{words('join.subtitle')}</p>
          </div>
        </header>
        {failure && <p className="notice bad" role="alert">{failure}</p>}
        <div className="pair">
          <label>
            {words('join.name')}
            <input id="name" value={name} maxLength={64} autoComplete="nickname" autoFocus required
              placeholder={words('join.name.placeholder')} onChange={(event) => setName(event.target.value)} />
          </label>
          <label>
            {words('join.room')}
            <input id="room" value={room} maxLength={64} autoComplete="off" required
              placeholder={words('join.room.placeholder')} onChange={(event) => setRoom(event.target.value)} />
          </label>
        </div>
        {problem && <p className="notice" role="status">{words(problem)}</p>}
        {track && (
          <>
            <div className="pair">
              <DeviceSelect label={words('join.microphone')} devices={devices.microphones} value={microphone} onChange={setMicrophone} />
              <DeviceSelect label={words('join.speaker')} devices={devices.speakers} value={speaker} onChange={setSpeaker} />
            </div>
            <LevelMeter track={track} label={words('join.meter')} />
            <label className="check">
              <input type="checkbox" checked={muted} onChange={(event) => setMuted(event.target.checked)} />
              {words('join.muted')}
            </label>
          </>
        )}
        <button id="join" className="primary" type="submit" disabled={!ready}>
          {words(busy ? 'join.button.busy' : isOpening ? 'join.button.opening' : 'join.button')}
        </button>
        <button type="button" className="link" onClick={onLanguage}>{words('language.other')}</button>
      </form>
    </main>
  )
}
