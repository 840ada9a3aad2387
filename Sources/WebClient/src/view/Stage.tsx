// What is shown: the share large and sharp, cameras beside it, and under each picture what really arrives.

import { useEffect, useRef, useState } from 'react'
import type { MediaSession } from '../media/mediaSession'
import { VideoMeter, type VideoFigures } from '../media/statistics'
import { trackOf, type Participant } from '../model/roomState'
import type { TrackInfo, VideoQuality } from '../model/signal'
import { Avatar } from './Avatar'
import { Icon } from './icons'
import { useWords } from './useStore'

export interface StageItem {
  key: string
  person: Participant
  source: 'SCREEN_SHARE' | 'CAMERA'
  info: TrackInfo | null
  /** Null until the first media is there. */
  track: MediaStreamTrack | null
}

interface Props {
  items: StageItem[]
  people: Participant[]
  session: MediaSession
  paused: Record<string, true>
  /** In a channel one waits for others; only a room with a link invites them. */
  isChannel?: boolean
}

export function Stage({ items, people, session, paused, isChannel = false }: Props): JSX.Element {
  const figures = useFigures(session, items.some((item) => !item.person.isLocal))
  const [focus, setFocus] = useState<string | null>(null)
  const large = items.find((item) => item.key === focus) ?? items.find((item) => item.source === 'SCREEN_SHARE') ?? null
  if (items.length === 0) return people.length < 2 && !isChannel ? <Invitation /> : <VoiceGrid people={people} />
  const rest = large ? items.filter((item) => item !== large) : items
  return (
    <section className={large ? 'stage focused' : 'stage grid'}>
      {large && (
        <Tile item={large} session={session} isLarge paused={!!paused[large.info?.sid ?? '']}
          figures={figures[large.info?.sid ?? ''] ?? null} onFocus={() => setFocus(null)} />
      )}
      {rest.length > 0 && (
        <div className={large ? 'strip' : 'tiles'}>
          {rest.map((item) => (
            <Tile key={item.key} item={item} session={session} isLarge={false} paused={!!paused[item.info?.sid ?? '']}
              figures={figures[item.info?.sid ?? ''] ?? null} onFocus={() => setFocus(item.key)} />
          ))}
        </div>
      )}
    </section>
  )
}

/** Once a second, while there is something to measure. */
function useFigures(session: MediaSession, isActive: boolean): Record<string, VideoFigures> {
  const [figures, setFigures] = useState<Record<string, VideoFigures>>({})
  useEffect(() => {
    if (!isActive) return
    const meter = new VideoMeter()
    const timer = setInterval(() => {
      void session.subscriberStats()?.then((report) => setFigures(meter.read(report)))
    }, 1000)
    return () => clearInterval(timer)
  }, [session, isActive])
  return figures
}

interface TileProps {
  item: StageItem
  session: MediaSession
  isLarge: boolean
  paused: boolean
  figures: VideoFigures | null
  onFocus(): void
}

function Tile({ item, session, isLarge, paused, figures, onFocus }: TileProps): JSX.Element {
  const words = useWords()
  const frame = useRef<HTMLElement>(null)
  const isShare = item.source === 'SCREEN_SHARE'
  const speaking = item.person.audioLevel > 0 && !isShare
  return (
    <figure ref={frame} className={`tile${isLarge ? ' large' : ''}${speaking ? ' speaking' : ''}`}
      data-source={item.source} data-identity={item.person.identity}>
      {item.track
        ? <Video track={item.track} mirrored={item.person.isLocal && !isShare} />
        : <div className="tile-empty"><Avatar person={item.person} size={64} /><p>{words('stage.waiting')}</p></div>}
      {paused && <p className="tile-paused" role="status">{words('stage.paused')}</p>}
      <figcaption>
        <span className="tile-name">
          {item.person.isLocal && isShare ? words('stage.yours') : isShare ? `${item.person.name} ${words('stage.share')}` : item.person.name}
        </span>
        {figures && figures.width > 0 && <Figures figures={figures} />}
        <span className="tile-tools">
          {isLarge && !item.person.isLocal && item.info && <QualityChoice session={session} sid={item.info.sid} />}
          {isLarge && document.fullscreenEnabled && (
            <button className="tool" title={words('stage.fullscreen')} aria-label={words('stage.fullscreen')}
              onClick={() => void frame.current?.requestFullscreen()}><Icon name="fullscreen" size={18} /></button>
          )}
        </span>
      </figcaption>
      {!isLarge && <button className="tile-focus" aria-label={item.person.name} onClick={onFocus} />}
    </figure>
  )
}

function Figures({ figures }: { figures: VideoFigures }): JSX.Element {
  return (
    <output className="figures">
      <b>{figures.width}×{figures.height}</b> <span>{Math.round(figures.framesPerSecond)} fps</span>{' '}
      <span>{(figures.bitsPerSecond / 1e6).toFixed(1)} Mbit/s</span> <span>{figures.codec}</span>
    </output>
  )
}

function QualityChoice({ session, sid }: { session: MediaSession; sid: string }): JSX.Element {
  const words = useWords()
  const [quality, setQuality] = useState<VideoQuality>('HIGH')
  return (
    <select className="tool" aria-label={words('stage.quality')} value={quality}
      onChange={(event) => {
        const next = event.target.value as VideoQuality
        setQuality(next)
        session.setQuality(sid, next)
      }}>
      <option value="HIGH">{words('stage.quality.HIGH')}</option>
      <option value="MEDIUM">{words('stage.quality.MEDIUM')}</option>
      <option value="LOW">{words('stage.quality.LOW')}</option>
    </select>
  )
}

function Video({ track, mirrored }: { track: MediaStreamTrack; mirrored: boolean }): JSX.Element {
  const element = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const video = element.current
    if (!video) return
    video.srcObject = new MediaStream([track])
    void video.play().catch(() => undefined)
    return () => { video.srcObject = null }
  }, [track])
  return <video ref={element} className={mirrored ? 'mirrored' : ''} autoPlay playsInline muted />
}

/** Nobody shows anything: everybody as a face that lights up while speaking. */
function VoiceGrid({ people }: { people: Participant[] }): JSX.Element {
  return (
    <section className="stage grid">
      <ul className="voices">
        {people.map((person) => {
          const microphone = trackOf(person, 'MICROPHONE')
          const isSpeaking = person.audioLevel > 0 && !microphone?.muted
          return (
            <li key={person.sid} className={isSpeaking ? 'voice speaking' : 'voice'}>
              <Avatar person={person} size={84} />
              <span className="tile-name">{person.name}</span>
              {(!microphone || microphone.muted) && <span className="badge"><Icon name="microphoneOff" size={16} /></span>}
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Invitation(): JSX.Element {
  const words = useWords()
  const [copied, setCopied] = useState(false)
  return (
    <section className="stage empty">
      <div className="invite">
        <h2>{words('room.alone.title')}</h2>
        <p className="quiet">{words('room.alone.text')}</p>
        <button className="secondary" onClick={() => {
          void navigator.clipboard?.writeText(location.href).then(() => setCopied(true), () => undefined)
        }}><Icon name="link" size={18} /> {copied ? words('room.alone.copied') : words('room.alone.copy')}</button>
      </div>
    </section>
  )
}

/** Shares before cameras, in order of arrival; one's own among them. */
export function stageItems(
  people: Participant[], remote: Record<string, MediaStreamTrack>, local: Partial<Record<string, MediaStreamTrack>>,
): StageItem[] {
  const items: StageItem[] = []
  for (const source of ['SCREEN_SHARE', 'CAMERA'] as const) {
    for (const person of people) {
      const info = trackOf(person, source)
      if (person.isLocal) {
        const track = local[source]
        if (track) items.push({ key: `local-${source}`, person, source, info: info ?? null, track })
      } else if (info && !info.muted) {
        items.push({ key: info.sid, person, source, info, track: remote[info.sid] ?? null })
      }
    }
  }
  return items
}
