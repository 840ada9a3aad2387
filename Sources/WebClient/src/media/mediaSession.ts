// One person's presence in one room: the signalling socket, a peer connection that sends and one that receives. No DOM
// in here, so that any page can reuse it; what happens is told through stores.

import { apply, emptyRoom, joined, type ConnectionState, type RoomState } from '../model/roomState'
import type { Leave, SignalResponse, TrackInfo, TrackSource, VideoQuality } from '../model/signal'
import { Store } from '../model/store'
import { announcement, preferVP8, sendOptions } from './publishing'
import { PeerLink } from './peerLink'
import { SignalClient, type SocketEnd } from './signalClient'

/** A track that we send. */
interface Publication {
  source: TrackSource
  track: MediaStreamTrack
  muted: boolean
  /** Known once the server has accepted the track. */
  info: TrackInfo | null
  transceiver: RTCRtpTransceiver | null
}

/** Waits between attempts to come back, milliseconds; the last one repeats. */
const RETRY_DELAYS = [0, 300, 1200, 2700, 4800, 7000]
const ATTEMPTS = 10
/** How long the server may take to accept a track. */
const PUBLISH_TIMEOUT = 10_000

export class MediaSession {
  readonly room = new Store<RoomState>(emptyRoom)
  /** Media that arrives, by track sid. */
  readonly remoteTracks = new Store<Record<string, MediaStreamTrack>>({})
  /** Media that we send, by source. */
  readonly localTracks = new Store<Partial<Record<TrackSource, MediaStreamTrack>>>({})

  private signal: SignalClient | null = null
  private publisher: PeerLink | null = null
  private subscriber: PeerLink | null = null
  private publications: Publication[] = []
  private waiting = new Map<string, (info: TrackInfo | null) => void>()
  private disabled = new Set<string>()
  private token = ''
  private server = ''
  private offerId = 0
  private attempt = 0
  private ending = false
  private negotiation: Promise<void> = Promise.resolve()

  async connect(server: string, token: string): Promise<void> {
    this.server = server
    this.token = token
    this.ending = false
    this.setConnection('connecting', null)
    await this.join()
  }

  /** Leaves the room for good. */
  async disconnect(): Promise<void> {
    this.ending = true
    this.signal?.send({ leave: { reason: 'CLIENT_INITIATED', action: 'DISCONNECT' } })
    for (const publication of this.publications) publication.track.stop()
    this.publications = []
    this.tearDown()
    this.localTracks.set({})
    this.setConnection('ended', null)
  }

  /** Sends a track. Rejects when the server does not take it. */
  async publish(track: MediaStreamTrack, source: TrackSource, muted = false): Promise<void> {
    const publication: Publication = { source, track, muted, info: null, transceiver: null }
    this.publications.push(publication)
    this.localTracks.update((tracks) => ({ ...tracks, [source]: track }))
    track.onended = () => void this.unpublish(source)
    track.enabled = !muted
    await this.announce(publication)
  }

  async unpublish(source: TrackSource): Promise<void> {
    const publication = this.publications.find((candidate) => candidate.source === source)
    if (!publication) return
    this.publications = this.publications.filter((candidate) => candidate !== publication)
    publication.track.onended = null
    publication.track.stop()
    this.localTracks.update(({ [source]: _gone, ...rest }) => rest)
    if (publication.info) {
      const { sid } = publication.info
      this.room.update((state) => apply(state, { trackUnpublished: { trackSid: sid } }))
    }
    if (publication.transceiver && this.publisher) {
      void publication.transceiver.sender.replaceTrack(null)
      publication.transceiver.direction = 'inactive'
      await this.negotiate()
    }
  }

  /** Mutes or unmutes what we send: the others are told, and the track goes silent at its source. */
  setMuted(source: TrackSource, muted: boolean): void {
    const publication = this.publications.find((candidate) => candidate.source === source)
    if (!publication) return
    publication.muted = muted
    publication.track.enabled = !muted
    if (!publication.info) return
    this.signal?.send({ mute: { sid: publication.info.sid, muted } })
    this.room.update((state) => apply(state, { mute: { sid: publication.info!.sid, muted } }))
  }

  /** Puts another device behind a track that is already being sent, without asking the others for anything. */
  async replaceTrack(source: TrackSource, track: MediaStreamTrack): Promise<void> {
    const publication = this.publications.find((candidate) => candidate.source === source)
    if (!publication) return
    await publication.transceiver?.sender.replaceTrack(track)
    publication.track.onended = null
    publication.track.stop()
    publication.track = track
    track.enabled = !publication.muted
    track.onended = () => void this.unpublish(source)
    this.localTracks.update((tracks) => ({ ...tracks, [source]: track }))
  }

  /** Which simulcast layer of a remote video this viewer wants. */
  setQuality(trackSid: string, quality: VideoQuality): void {
    this.signal?.send({ trackSetting: { trackSids: [trackSid], quality } })
  }

  /** Stops or resumes the flow of a remote track to this viewer only. */
  setEnabled(trackSid: string, enabled: boolean): void {
    if (enabled) this.disabled.delete(trackSid)
    else this.disabled.add(trackSid)
    this.signal?.send({ trackSetting: { trackSids: [trackSid], disabled: !enabled } })
  }

  /** Statistics of what arrives; null before the first media. */
  subscriberStats(): Promise<RTCStatsReport> | null {
    return this.subscriber?.connection.getStats() ?? null
  }

  publisherStats(): Promise<RTCStatsReport> | null {
    return this.publisher?.connection.getStats() ?? null
  }

  /** Milliseconds to the server and back, as the signalling socket sees it. */
  get roundTrip(): number {
    return this.signal?.roundTrip ?? 0
  }

  /** Cuts the socket as a bad network would: for tests of the way back. */
  simulateSocketLoss(): void {
    this.signal?.close()
    this.socketEnded({ kind: 'closed' })
  }

  // -- joining and coming back

  private async join(): Promise<void> {
    const signal = this.openSignal()
    const first = await signal.connect({ server: this.server, token: this.token, resume: null })
    if (!first.join) throw new Error('the server did not answer the join')
    const iceServers = (first.join.iceServers ?? []).map((entry) => ({ ...entry, urls: entry.urls ?? [] }))
      .filter((entry) => entry.urls.length > 0)
    this.openLinks({ iceServers })
    this.room.set(joined(first.join))
    for (const publication of this.publications) {
      publication.info = null
      publication.transceiver = null
      await this.announce(publication)
    }
  }

  private async resume(): Promise<void> {
    const signal = this.openSignal()
    const first = await signal.connect({ server: this.server, token: this.token, resume: this.room.get().localSid })
    if (!first.reconnect) throw new Error('the server does not know this session')
    const answer = this.subscriber?.connection.localDescription
    const offer = this.subscriber?.connection.remoteDescription
    signal.send({
      syncState: {
        answer: answer ? { type: 'answer', sdp: answer.sdp } : undefined,
        offer: offer ? { type: 'offer', sdp: offer.sdp } : undefined,
        subscription: { trackSids: [], subscribe: false },
        publishTracks: this.publications.filter((p) => p.info).map((p) => ({ cid: p.track.id, track: p.info! })),
        trackSidsDisabled: [...this.disabled],
      },
    })
    if (this.publications.length > 0) await this.negotiate(true)
    if (this.subscriber?.connection.connectionState === 'connected') this.setConnection('connected', null)
  }

  private socketEnded(end: SocketEnd): void {
    if (this.ending) return
    if (end.kind === 'refused') {
      this.fail(end.status === 401 ? 'refused' : end.status === 503 ? 'full' : 'unreachable')
    } else if (end.kind === 'left') {
      this.left(end.leave)
    } else if (this.room.get().connection === 'connecting') {
      this.fail('unreachable')
    } else {
      void this.comeBack(true)
    }
  }

  private left(leave: Leave): void {
    const action = leave.action ?? 'DISCONNECT'
    if (action === 'RESUME') void this.comeBack(true)
    else if (action === 'RECONNECT') void this.comeBack(false)
    else this.fail(leave.reason ?? 'UNKNOWN_REASON')
  }

  private coming = false

  /** Tries to resume; when the server has forgotten us, joins anew and publishes again. */
  private async comeBack(resumable: boolean): Promise<void> {
    if (this.coming || this.ending) return
    this.coming = true
    this.setConnection('reconnecting', null)
    let canResume = resumable
    for (this.attempt = 0; this.attempt < ATTEMPTS && !this.ending; this.attempt += 1) {
      const delay = RETRY_DELAYS[Math.min(this.attempt, RETRY_DELAYS.length - 1)] ?? 0
      await new Promise((resolve) => setTimeout(resolve, delay))
      try {
        if (canResume) await this.resume()
        else {
          this.tearDown()
          await this.join()
        }
        this.coming = false
        return
      } catch {
        // The first failed resume is enough: a new session is quicker than arguing about the old one.
        canResume = false
      }
    }
    this.coming = false
    if (!this.ending) this.fail('unreachable')
  }

  private fail(reason: string): void {
    this.ending = true
    this.tearDown()
    for (const publication of this.publications) publication.track.stop()
    this.publications = []
    this.localTracks.set({})
    this.setConnection('ended', reason)
  }

  private setConnection(connection: ConnectionState, endReason: string | null): void {
    this.room.update((state) => ({ ...state, connection, endReason }))
  }

  private openSignal(): SignalClient {
    this.signal?.close()
    const signal: SignalClient = new SignalClient({
      frame: (frame) => {
        if (this.signal === signal) this.receive(frame)
      },
      ended: (end) => {
        if (this.signal === signal && !this.coming) this.socketEnded(end)
      },
    })
    this.signal = signal
    return signal
  }

  private openLinks(configuration: RTCConfiguration): void {
    const trickle = (target: 'PUBLISHER' | 'SUBSCRIBER') => (candidate: RTCIceCandidate) =>
      this.signal?.send({ trickle: { candidateInit: JSON.stringify(candidate.toJSON()), target } })
    this.publisher = new PeerLink(configuration, trickle('PUBLISHER'))
    this.subscriber = new PeerLink(configuration, trickle('SUBSCRIBER'))
    this.subscriber.connection.ontrack = (event) => this.trackArrived(event)
    this.subscriber.connection.onconnectionstatechange = () => this.linkChanged()
    this.publisher.connection.onconnectionstatechange = () => this.linkChanged()
  }

  private tearDown(): void {
    this.signal?.close()
    this.publisher?.close()
    this.subscriber?.close()
    this.signal = null
    this.publisher = null
    this.subscriber = null
    for (const resolve of this.waiting.values()) resolve(null)
    this.waiting.clear()
    this.remoteTracks.set({})
    this.negotiation = Promise.resolve()
  }

  private linkChanged(): void {
    const states = [this.subscriber?.connection.connectionState, this.publisher?.connection.connectionState]
    if (states.includes('failed')) void this.comeBack(true)
    else if (states[0] === 'connected') this.setConnection('connected', null)
  }

  // -- frames of the server

  private receive(frame: SignalResponse): void {
    if (frame.offer) void this.answer(frame.offer)
    else if (frame.answer) void this.publisher?.acceptAnswer(frame.answer, this.offerId)
    else if (frame.trickle) {
      const link = frame.trickle.target === 'SUBSCRIBER' ? this.subscriber : this.publisher
      void link?.addCandidate(JSON.parse(frame.trickle.candidateInit) as RTCIceCandidateInit)
    } else if (frame.refreshToken) this.token = frame.refreshToken
    else if (frame.trackPublished) {
      const { cid, track } = frame.trackPublished
      this.waiting.get(cid)?.(track)
      this.waiting.delete(cid)
    } else if (frame.trackUnpublished) {
      const { trackSid } = frame.trackUnpublished
      const publication = this.publications.find((candidate) => candidate.info?.sid === trackSid)
      if (publication) void this.unpublish(publication.source)
    } else if (frame.mute) {
      const { sid, muted } = frame.mute
      const publication = this.publications.find((candidate) => candidate.info?.sid === sid)
      if (publication) this.setMuted(publication.source, !!muted)
    } else if (frame.requestResponse?.reason === 'NOT_ALLOWED') {
      for (const resolve of this.waiting.values()) resolve(null)
      this.waiting.clear()
    }
    this.room.update((state) => apply(state, frame))
  }

  private async answer(offer: { sdp: string; id?: number }): Promise<void> {
    const sdp = await this.subscriber?.answer(offer.sdp)
    if (sdp) this.signal?.send({ answer: { type: 'answer', sdp, id: offer.id } })
  }

  private trackArrived(event: RTCTrackEvent): void {
    const sid = event.streams[0]?.id.split('|')[1] ?? event.track.id
    const { track } = event
    this.remoteTracks.update((tracks) => ({ ...tracks, [sid]: track }))
    event.streams[0]?.addEventListener('removetrack', () => {
      this.remoteTracks.update(({ [sid]: gone, ...rest }) => (gone === track ? rest : { ...rest, ...(gone ? { [sid]: gone } : {}) }))
    })
  }

  // -- sending

  private async announce(publication: Publication): Promise<void> {
    const { track, source, muted } = publication
    const info = await new Promise<TrackInfo | null>((resolve) => {
      this.waiting.set(track.id, resolve)
      setTimeout(() => resolve(null), PUBLISH_TIMEOUT)
      this.signal?.send({ addTrack: announcement(track, source, muted) })
    })
    if (!info) {
      await this.unpublish(source)
      throw new Error('not-allowed')
    }
    publication.info = info
    if (!this.publisher) return
    const transceiver = this.publisher.connection.addTransceiver(track, sendOptions(track, source))
    publication.transceiver = transceiver
    if (track.kind === 'video') preferVP8(transceiver)
    await this.negotiate()
  }

  /** Offers one after another: an offer while another is out would be lost. */
  private negotiate(iceRestart = false): Promise<void> {
    this.negotiation = this.negotiation.catch(() => undefined).then(async () => {
      if (!this.publisher) return
      this.offerId += 1
      const id = this.offerId
      const sdp = await this.publisher.offer(iceRestart)
      this.signal?.send({ offer: { type: 'offer', sdp, id } })
      await this.publisher.answered()
    })
    return this.negotiation
  }
}
