// Being in a voice channel: a token from the API, a media session, and what one's own microphone and ears do. No DOM.

import { Problem, type Api } from '../model/community/http'
import type { Channel, Id } from '../model/community/types'
import { Store } from '../model/store'
import { deviceError, openCamera, openMicrophone, openScreen } from './devices'
import { MediaSession } from './mediaSession'

export interface VoiceState {
  /** The channel that one is in, or on the way into. */
  channel: Id | null
  phase: 'idle' | 'connecting' | 'connected' | 'reconnecting'
  muted: boolean
  deafened: boolean
  /** False without a microphone, or without the permission to speak: then one only listens. */
  canSpeak: boolean
  camera: boolean
  sharing: boolean
  /** What went wrong: a key of the catalogue, or a problem's code as `problem.CODE`. */
  failure: string | null
}

interface VoiceToken {
  token: string
  url: string
  bitrate: number
  permissions: number
}

/** What is remembered of devices between visits. */
export interface VoiceMemory {
  recall(key: string): string
  remember(key: string, value: string): void
}

const SPEAK = 128

export class VoiceClient {
  readonly session = new MediaSession()
  readonly state: Store<VoiceState>
  private api: Api
  /** Grows with every join and leave, so that what belongs to an earlier one is dropped. */
  private attempt = 0
  private wasMuted = false

  constructor(
    api: Api, private readonly memory: VoiceMemory,
    /** Tells the gateway what cannot be seen in the media: deafness, and a microphone that was closed by hand. */
    private readonly declare: (state: { muted: boolean; deafened: boolean }) => void,
  ) {
    this.api = api
    this.state = new Store<VoiceState>({
      channel: null, phase: 'idle', muted: memory.recall('muted') === 'yes', deafened: false, canSpeak: true, camera: false,
      sharing: false, failure: null,
    })
    this.session.room.subscribe(() => this.follow())
    this.session.localTracks.subscribe(() => {
      const local = this.session.localTracks.get()
      this.change({ camera: !!local.CAMERA, sharing: !!local.SCREEN_SHARE })
    })
  }

  /** Goes into a channel, out of the one before. */
  async join(channel: Channel | Id): Promise<void> {
    const id = typeof channel === 'string' ? channel : channel.id
    if (this.state.get().channel === id) return
    const attempt = await this.close()
    this.change({ channel: id, phase: 'connecting', failure: null })
    try {
      const { voice } = await this.api.post<{ voice: VoiceToken }>('/voice/token', { channel_id: id })
      if (attempt !== this.attempt) return
      // The microphone is asked for while the connection is made: neither waits for the other.
      const microphone = (voice.permissions & SPEAK) === SPEAK ? this.openMicrophone() : Promise.resolve(null)
      await this.session.connect(location.origin, voice.token)
      const track = await microphone
      if (attempt !== this.attempt) return track?.stop()
      this.change({ canSpeak: track !== null })
      const { muted, deafened } = this.state.get()
      if (track) await this.session.publish(track, 'MICROPHONE', muted || deafened)
      if (muted || deafened) this.declare({ muted: muted || deafened, deafened })
    } catch (error) {
      if (attempt !== this.attempt) return
      await this.close()
      this.change({ failure: error instanceof Problem ? `problem.${error.code}` : 'error.unreachable' })
    }
  }

  async leave(): Promise<void> {
    await this.close()
  }

  /** A moderator moved us, or sent us out. */
  async moved(to: Id | null): Promise<void> {
    if (this.state.get().channel === null) return
    if (to === null) await this.close()
    else {
      await this.close()
      await this.join(to)
    }
  }

  /** A moderator who muted us has our track taken away: when we may speak again, it is sent again. */
  async speakAgain(): Promise<void> {
    const { channel, muted, deafened } = this.state.get()
    if (channel === null || this.session.localTracks.get().MICROPHONE) return
    const track = await this.openMicrophone()
    if (!track) return
    if (this.state.get().channel !== channel) return track.stop()
    await this.session.publish(track, 'MICROPHONE', muted || deafened).catch(() => undefined)
    this.change({ canSpeak: true })
  }

  toggleMute(): void {
    const { muted, deafened } = this.state.get()
    // Who cannot hear does not speak: opening the microphone opens the ears.
    if (deafened) return this.toggleDeafen()
    this.setVoice(!muted, false)
    this.memory.remember('muted', muted ? 'no' : 'yes')
  }

  toggleDeafen(): void {
    const { muted, deafened } = this.state.get()
    if (deafened) this.setVoice(this.wasMuted, false)
    else {
      this.wasMuted = muted
      this.setVoice(true, true)
    }
  }

  private setVoice(muted: boolean, deafened: boolean): void {
    this.change({ muted, deafened })
    if (this.state.get().channel === null) return
    this.session.setMuted('MICROPHONE', muted)
    this.declare({ muted, deafened })
  }

  async toggleCamera(): Promise<void> {
    if (this.state.get().camera) return this.session.unpublish('CAMERA')
    try {
      await this.session.publish(await openCamera(this.memory.recall('camera')), 'CAMERA')
    } catch (error) {
      this.change({ failure: error instanceof DOMException ? deviceError(error, 'camera') : 'error.publish' })
    }
  }

  async toggleShare(): Promise<void> {
    if (this.state.get().sharing) {
      await this.session.unpublish('SCREEN_SHARE')
      return this.session.unpublish('SCREEN_SHARE_AUDIO')
    }
    try {
      const { video, audio } = await openScreen()
      video.addEventListener('ended', () => void this.session.unpublish('SCREEN_SHARE_AUDIO'))
      await this.session.publish(video, 'SCREEN_SHARE')
      if (audio) await this.session.publish(audio, 'SCREEN_SHARE_AUDIO')
    } catch (error) {
      // Closing the picker is a decision, not an error.
      if (error instanceof DOMException && error.name === 'NotAllowedError') return
      this.change({ failure: error instanceof DOMException ? 'error.share.failed' : 'problem.STREAM_LIMIT' })
    }
  }

  clearFailure(): void {
    this.change({ failure: null })
  }

  private async openMicrophone(): Promise<MediaStreamTrack | null> {
    try {
      return await openMicrophone(this.memory.recall('microphone'))
    } catch (error) {
      this.change({ failure: deviceError(error, 'microphone') })
      return null
    }
  }

  /** The media session's ups and downs. */
  private follow(): void {
    const { connection } = this.session.room.get()
    const { channel, phase } = this.state.get()
    if (channel === null) return
    if (connection === 'connected' && phase !== 'connected') this.change({ phase: 'connected' })
    if (connection === 'reconnecting' && phase === 'connected') this.change({ phase: 'reconnecting' })
    // Ended by the server: removed, replaced by another device of ours, or the channel is gone.
    if (connection === 'ended' && (phase === 'connected' || phase === 'reconnecting')) {
      const reason = this.session.room.get().endReason
      void this.close().then(() => this.change({ failure: reason ? `ended.${reason}` : null }))
    }
  }

  /** Ends what there is; returns the number of what begins now. */
  private async close(): Promise<number> {
    this.attempt += 1
    const attempt = this.attempt
    const was = this.state.get().channel
    this.change({ channel: null, phase: 'idle', camera: false, sharing: false })
    if (was !== null) await this.session.disconnect()
    return attempt
  }

  private change(change: Partial<VoiceState>): void {
    this.state.update((old) => ({ ...old, ...change }))
  }
}
