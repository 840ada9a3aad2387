// One RTCPeerConnection and the two orders of events that go wrong: candidates before descriptions, and descriptions
// on top of each other.

/** How long an answer may take before negotiation goes on without it. */
const ANSWER_TIMEOUT = 10_000

export class PeerLink {
  readonly connection: RTCPeerConnection
  private queued: RTCIceCandidateInit[] = []
  private hasRemote = false
  private settle: (() => void) | null = null
  private settled: Promise<void> = Promise.resolve()
  private turn: Promise<unknown> = Promise.resolve()

  constructor(configuration: RTCConfiguration, candidate: (candidate: RTCIceCandidate) => void) {
    this.connection = new RTCPeerConnection({ ...configuration, bundlePolicy: 'max-bundle' })
    this.connection.onicecandidate = (event) => {
      if (event.candidate && event.candidate.candidate !== '') candidate(event.candidate)
    }
  }

  /** Makes an offer ours and returns its text. */
  async offer(iceRestart: boolean): Promise<string> {
    const offer = await this.connection.createOffer({ iceRestart })
    await this.connection.setLocalDescription(offer)
    this.settled = new Promise((resolve) => {
      this.settle = resolve
      setTimeout(resolve, ANSWER_TIMEOUT)
    })
    return offer.sdp ?? ''
  }

  /** Resolves once the answer to the last offer is in place. */
  answered(): Promise<void> {
    return this.settled
  }

  /** Takes an answer; one that belongs to an older offer is passed over. */
  async acceptAnswer(answer: { sdp: string; id?: number }, latest: number): Promise<void> {
    if (answer.id && answer.id !== latest) return
    if (this.connection.signalingState === 'have-local-offer') {
      await this.connection.setRemoteDescription({ type: 'answer', sdp: answer.sdp })
      await this.flush()
    }
    this.settle?.()
  }

  /** Answers an offer of the server, one at a time. */
  async answer(sdp: string): Promise<string | null> {
    const next = this.turn.catch(() => undefined).then(async () => {
      if (this.connection.signalingState === 'closed') return null
      await this.connection.setRemoteDescription({ type: 'offer', sdp })
      await this.flush()
      const answer = await this.connection.createAnswer()
      const stereo = mirrorStereo(sdp, answer.sdp ?? '')
      await this.connection.setLocalDescription({ type: 'answer', sdp: stereo })
      return stereo
    })
    this.turn = next
    return next
  }

  async addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (!this.hasRemote) {
      this.queued.push(candidate)
      return
    }
    await this.connection.addIceCandidate(candidate).catch(() => undefined)
  }

  close(): void {
    this.settle?.()
    this.connection.close()
  }

  private async flush(): Promise<void> {
    this.hasRemote = true
    const candidates = this.queued
    this.queued = []
    for (const candidate of candidates) await this.addCandidate(candidate)
  }
}

/**
 * Browsers decode Opus in stereo only when their own answer says so. The server marks stereo tracks with
 * `sprop-stereo=1`; the sections that carry the mark get `stereo=1` in the answer.
 */
export function mirrorStereo(offer: string, answer: string): string {
  const sections = (sdp: string): string[] => sdp.split(/(?=^m=)/m)
  const marked = new Set(
    sections(offer).filter((section) => section.includes('sprop-stereo=1'))
      .map((section) => /^a=mid:(\S+)/m.exec(section)?.[1]))
  return sections(answer).map((section) => {
    const mid = /^a=mid:(\S+)/m.exec(section)?.[1]
    if (!mid || !marked.has(mid)) return section
    const opus = /^a=rtpmap:(\d+) opus\//m.exec(section)?.[1]
    return opus ? section.replace(new RegExp(`^(a=fmtp:${opus} .*)$`, 'm'), '$1;stereo=1') : section
  }).join('')
}
