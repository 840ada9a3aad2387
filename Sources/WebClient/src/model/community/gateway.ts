// The gateway's socket: comes back by itself, goes on where it was, and says so. No DOM in here.

import { Store } from '../store'

export type GatewayState =
  | 'idle'
  | 'connecting'
  | 'connected'
  /** The line is down; it is being tried again. */
  | 'reconnecting'
  /** The session is over: log in again. */
  | 'signedOut'

/** What a browser's WebSocket offers of what is used here. */
export interface Socket {
  send(text: string): void
  close(code?: number): void
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
}

export interface GatewayOptions {
  /** Opens a socket to `/ws` with this query. */
  open: (query: string) => Socket
  /** Renews the session; false when it is over. */
  renew: () => Promise<boolean>
  /** An event, in order, exactly once. */
  onEvent: (op: string, data: unknown) => void
  /** Timers, so that tests have their own time. */
  after?: (milliseconds: number, body: () => void) => () => void
  random?: () => number
}

/** Waits between attempts, milliseconds; the last repeats. Each is spread by up to its half, so that not all come at once. */
const RETRY = [0, 500, 1000, 2000, 4000, 8000, 15000]
/** Codes after which the session must be renewed first (protocol.md, gateway). */
const UNAUTHORISED = [4004]

export class Gateway {
  readonly state = new Store<GatewayState>('idle')
  /** Milliseconds from a heartbeat to its answer. */
  readonly latency = new Store<number | null>(null)
  private socket: Socket | null = null
  private session = ''
  private sequence = 0
  private attempt = 0
  private interval = 30_000
  private beatSent: number | null = null
  private cancelBeat: () => void = () => undefined
  private cancelRetry: () => void = () => undefined
  private stopped = true

  constructor(private readonly options: GatewayOptions) {}

  start(): void {
    this.stopped = false
    this.state.set('connecting')
    this.connect()
  }

  stop(): void {
    this.stopped = true
    this.cancelRetry()
    this.cancelBeat()
    this.drop()
    this.session = ''
    this.sequence = 0
    this.state.set('idle')
  }

  /** Tries at once instead of waiting: the network is back, or the page was looked at again. */
  hurry(): void {
    if (this.stopped || this.socket) return
    this.attempt = 0
    this.cancelRetry()
    this.connect()
  }

  /** Says something; false while the line is down. Nothing is queued: what matters goes over REST. */
  send(op: string, data?: unknown): boolean {
    if (!this.socket || this.state.get() !== 'connected') return false
    this.socket.send(JSON.stringify(data === undefined ? { op } : { op, d: data }))
    return true
  }

  private connect(): void {
    const query = this.session ? `?session=${encodeURIComponent(this.session)}&seq=${this.sequence}` : ''
    const socket = this.options.open(query)
    this.socket = socket
    socket.onmessage = (event) => { if (this.socket === socket) this.receive(String(event.data)) }
    socket.onclose = (event) => { if (this.socket === socket) void this.closed(event.code) }
    this.after(10_000, () => { if (this.socket === socket && this.state.get() !== 'connected') socket.close(4000) })
  }

  private receive(text: string): void {
    const frame = JSON.parse(text) as { op: string; s?: number; d?: unknown }
    if (frame.s !== undefined) {
      // What was replayed after a resume may overlap with what was already seen.
      if (frame.op !== 'ready' && frame.s <= this.sequence) return
      this.sequence = frame.s
    }
    switch (frame.op) {
      case 'ready': {
        const ready = frame.d as { session_id: string; heartbeat_interval?: number }
        this.session = ready.session_id
        this.interval = ready.heartbeat_interval ?? this.interval
        this.established()
        break
      }
      case 'resumed':
        this.established()
        break
      case 'heartbeat_ack':
        if (this.beatSent !== null) this.latency.set(Date.now() - this.beatSent)
        this.beatSent = null
        return
      case 'resync':
        // We were too slow: a new `ready` follows on this line and brings what was missed.
        return
    }
    this.options.onEvent(frame.op, frame.d)
  }

  private established(): void {
    this.attempt = 0
    this.state.set('connected')
    this.beat()
  }

  private beat(): void {
    this.cancelBeat()
    this.cancelBeat = this.after(this.interval, () => {
      // No answer between two heartbeats: the line is dead, even if nobody has said so.
      if (this.beatSent !== null) return this.socket?.close(4000)
      this.beatSent = Date.now()
      this.socket?.send('{"op":"heartbeat"}')
      this.beat()
    })
  }

  private async closed(code: number): Promise<void> {
    this.drop()
    if (this.stopped) return
    this.state.set('reconnecting')
    if (UNAUTHORISED.includes(code)) {
      this.session = ''
      const isRenewed = await this.options.renew().catch(() => null)
      if (this.stopped) return
      if (isRenewed === false) return this.state.set('signedOut')
    }
    const wait = RETRY[Math.min(this.attempt, RETRY.length - 1)] ?? 15_000
    this.attempt += 1
    // A token that ran out while the line was down refuses the upgrade itself, which browsers do not tell apart.
    if (this.attempt === 3) void this.options.renew().then((good) => { if (!good && !this.stopped) this.signOut() }, () => undefined)
    this.cancelRetry = this.after(wait * (1 + (this.options.random ?? Math.random)() / 2), () => this.connect())
  }

  private signOut(): void {
    this.cancelRetry()
    this.drop()
    this.state.set('signedOut')
  }

  private drop(): void {
    this.cancelBeat()
    this.beatSent = null
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onmessage = null
    socket.onclose = null
    socket.close(1000)
  }

  private after(milliseconds: number, body: () => void): () => void {
    if (this.options.after) return this.options.after(milliseconds, body)
    const timer = setTimeout(body, milliseconds)
    return () => clearTimeout(timer)
  }
}
