// Another microphone or speaker without leaving the room.

import { useEffect, useRef, useState } from 'react'
import { deviceError, listDevices, noDevices, openMicrophone, type Devices } from '../media/devices'
import type { MediaSession } from '../media/mediaSession'
import type { Key } from '../strings/catalogue'
import { DeviceSelect } from './DeviceSelect'
import { LevelMeter } from './LevelMeter'
import { useStore, useWords } from './useStore'

interface Props {
  session: MediaSession
  microphone: string
  speaker: string
  onSpeaker(deviceId: string): void
  onClose(): void
}

export function DeviceDialog({ session, microphone, speaker, onSpeaker, onClose }: Props): JSX.Element {
  const words = useWords()
  const local = useStore(session.localTracks)
  const [devices, setDevices] = useState<Devices>(noDevices)
  const [chosen, setChosen] = useState(microphone)
  const [problem, setProblem] = useState<Key | null>(null)
  const dialog = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    dialog.current?.showModal()
    void listDevices().then(setDevices)
  }, [])

  const change = async (deviceId: string): Promise<void> => {
    setChosen(deviceId)
    try {
      const track = await openMicrophone(deviceId)
      if (local.MICROPHONE) await session.replaceTrack('MICROPHONE', track)
      else await session.publish(track, 'MICROPHONE')
      setProblem(null)
    } catch (error) {
      setProblem(deviceError(error, 'microphone'))
    }
  }

  return (
    <dialog ref={dialog} className="card" onClose={onClose} aria-labelledby="devices-title">
      <h2 id="devices-title">{words('settings.title')}</h2>
      {problem && <p className="notice bad" role="alert">{words(problem)}</p>}
      <DeviceSelect label={words('join.microphone')} devices={devices.microphones} value={chosen} onChange={(id) => void change(id)} />
      {local.MICROPHONE && <LevelMeter track={local.MICROPHONE} label={words('join.meter')} />}
      <DeviceSelect label={words('join.speaker')} devices={devices.speakers} value={speaker} onChange={onSpeaker} />
      <button className="primary" onClick={() => dialog.current?.close()}>{words('settings.close')}</button>
    </dialog>
  )
}
