// While in a voice channel: where, how well, and the switches that one reaches for.

import { useEffect, useState } from 'react'
import { isKey } from '../../../strings/catalogue'
import { Icon, type IconName } from '../../icons'
import { useStore, useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { useVoice } from './useVoiceChannel'

export function VoicePanel(): JSX.Element | null {
  const { ui } = useClient()
  const community = useCommunity()
  const { voice, state } = useVoice()
  const words = useWords()
  const quality = useQuality()
  useEffect(() => {
    if (!state.failure) return
    ui.notify(isKey(state.failure) ? words(state.failure, { seconds: 1 }) : words('ended.other'), 'error')
    voice.clearFailure()
  }, [state.failure, ui, voice, words])
  const channel = state.channel ? community.channels[state.channel] : undefined
  if (!channel) return null
  const phase = state.phase === 'connected' ? 'voice.connected' : state.phase === 'reconnecting' ? 'voice.reconnecting' : 'voice.connecting'
  return (
    <section className="voice-panel" aria-label={words('voice.panel')}>
      <div className="voice-where">
        <button className="voice-place" onClick={() => ui.open(channel.id)}>
          <span className={`voice-phase ${state.phase}`} title={quality ? words(`quality.${quality}`) : undefined}>{words(phase)}</span>
          <span className="voice-channel">{channel.name}</span>
        </button>
        <Latency />
        <Switch icon="leave" label={words('voice.disconnect')} onClick={() => void voice.leave()} isDangerous />
      </div>
      <div className="voice-switches">
        <Switch icon={state.camera ? 'camera' : 'cameraOff'} label={words(state.camera ? 'control.camera.off' : 'control.camera.on')}
          isOn={state.camera} onClick={() => void voice.toggleCamera()} />
        <Switch icon={state.sharing ? 'screenOff' : 'screen'} label={words(state.sharing ? 'control.share.off' : 'voice.share')}
          isOn={state.sharing} onClick={() => void voice.toggleShare()} />
      </div>
    </section>
  )
}

/** Mute and deafen stand beside the name, in voice or not. */
export function VoiceSwitches(): JSX.Element {
  const { voice, state } = useVoice()
  const words = useWords()
  const muted = state.muted || state.deafened
  return (
    <>
      <Switch icon={muted ? 'microphoneOff' : 'microphone'} label={words(muted ? 'control.unmute' : 'control.mute')} isOff={muted}
        onClick={() => voice.toggleMute()} />
      <Switch icon={state.deafened ? 'headphonesOff' : 'headphones'} label={words(state.deafened ? 'voice.undeafen' : 'voice.deafen')}
        isOff={state.deafened} onClick={() => voice.toggleDeafen()} />
    </>
  )
}

function Switch({ icon, label, onClick, isOn, isOff, isDangerous }: {
  icon: IconName; label: string; onClick: () => void; isOn?: boolean; isOff?: boolean; isDangerous?: boolean
}): JSX.Element {
  const kind = isOff ? ' off' : isOn ? ' on' : isDangerous ? ' dangerous' : ''
  return (
    <button className={`icon-button${kind}`} aria-label={label} title={label} aria-pressed={isOn ?? isOff} onClick={onClick}>
      <Icon name={icon} size={20} />
    </button>
  )
}

function useQuality(): 'EXCELLENT' | 'GOOD' | 'POOR' | 'LOST' | null {
  const { voice } = useClient()
  const room = useStore(voice.session.room)
  return room.participants[room.localSid]?.quality ?? null
}

/** The time to the server and back, measured by the media connection itself. */
function Latency(): JSX.Element | null {
  const { voice } = useClient()
  const words = useWords()
  const [milliseconds, setMilliseconds] = useState<number | null>(null)
  useEffect(() => {
    const timer = setInterval(() => {
      void voice.session.subscriberStats()?.then((report) => {
        for (const entry of report.values() as Iterable<{ type: string; state?: string; currentRoundTripTime?: number }>) {
          if (entry.type === 'candidate-pair' && entry.state === 'succeeded' && entry.currentRoundTripTime !== undefined) {
            setMilliseconds(Math.round(entry.currentRoundTripTime * 1000))
          }
        }
      })
    }, 2000)
    return () => clearInterval(timer)
  }, [voice])
  return milliseconds === null ? null : <span className="latency">{words('voice.latency', { milliseconds })}</span>
}
