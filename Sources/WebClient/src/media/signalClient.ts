// The signalling socket: JSON frames of the LiveKit protocol, liveness by ping, and the three ways in which it may end.

import type { JoinResponse, Leave, SignalRequest, SignalResponse } from '../model/signal'

/** Why the socket is gone. `refused`: the server said no before the upgrade, in words. */
export type SocketEnd = { kind: 'closed' } | { kind: 'left'; leave: Leave } | { kind: 'refused'; status: number; text: string }

export interface SignalHandlers {
  frame(frame: SignalResponse): void
  ended(end: SocketEnd): void
}

export interface ConnectOptions {
  /** Origin of the server: `https://talk.example.org`. */
  server: string
  token: string
  /** Own sid when a session is to be resumed. */
  resume: string | null
}

/** How long the server may take to let us in, milliseconds. */
const JOIN_TIMEOUT = 10_000

function query(options: ConnectOptions): string {
  const parameters = new URLSearchParams({
    access_token: options.token, auto_subscribe: '1', adaptive_stream: '0', sdk: 'js', protocol: '16', version: '0.1.0',
    frames: 'json',
  })
  if (options.resume) {
    parameters.set('reconnect', '1')
    parameters.set('sid', options.resume)
  }
  return parameters.toString()
}

export class SignalClient {
  private socket: WebSocket | null = null
  private pingTimer: ReturnType<typeof setInterval> | null = null
  private lastHeard = 0
  private ended = false
  /** Round trip of the last ping in milliseconds. */
  roundTrip = 0

  constructor(private handlers: SignalHandlers) {}

  /** Opens the socket; resolves with the first frame, `join` or `reconnect`. */
  async connect(options: ConnectOptions): Promise<SignalResponse> {
    const address = `${options.server.replace(/^http/, 'ws')}/rtc?${query(options)}`
    const socket = new WebSocket(address)
    this.socket = socket
    return new Promise<SignalResponse>((resolve, reject) => {
      let first = true
      const timer = setTimeout(() => reject(new Error('timeout')), JOIN_TIMEOUT)
      socket.onopen = () => this.send({ pingReq: { timestamp: String(Date.now()), rtt: '0' } })
      socket.onmessage = (event) => {
        if (typeof event.data !== 'string') return
        const frame = JSON.parse(event.data) as SignalResponse
        this.lastHeard = performance.now()
        if (first && (frame.join || frame.reconnect)) {
          first = false
          clearTimeout(timer)
          if (frame.join) this.startPinging(frame.join)
          else this.startPinging({ pingInterval: 5, pingTimeout: 15 })
          resolve(frame)
          return
        }
        this.receive(frame)
        if (first && frame.leave) reject(new Error('left'))
      }
      socket.onclose = () => {
        clearTimeout(timer)
        if (first) {
          void this.refusal(options).then((end) => {
            this.finish(end)
            reject(new Error(end.kind))
          })
        } else {
          this.finish({ kind: 'closed' })
        }
      }
    })
  }

  send(request: SignalRequest): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(request))
  }

  /** Ends the socket from our side; no `ended` follows. */
  close(): void {
    this.ended = true
    if (this.pingTimer) clearInterval(this.pingTimer)
    this.socket?.close(1000)
  }

  private receive(frame: SignalResponse): void {
    if (frame.pongResp?.lastPingTimestamp) this.roundTrip = Date.now() - Number(frame.pongResp.lastPingTimestamp)
    if (frame.leave) {
      this.finish({ kind: 'left', leave: frame.leave })
      return
    }
    this.handlers.frame(frame)
  }

  /** A browser does not show why an upgrade was refused: the validate endpoint says it in words. */
  private async refusal(options: ConnectOptions): Promise<SocketEnd> {
    try {
      const answer = await fetch(`${options.server}/rtc/validate?${query(options)}`)
      if (answer.ok) return { kind: 'closed' }
      return { kind: 'refused', status: answer.status, text: await answer.text() }
    } catch {
      return { kind: 'closed' }
    }
  }

  private startPinging(timing: Pick<JoinResponse, 'pingInterval' | 'pingTimeout'>): void {
    this.pingTimer = setInterval(() => {
      if (performance.now() - this.lastHeard > timing.pingTimeout * 1000) {
        this.socket?.close()
        this.finish({ kind: 'closed' })
        return
      }
      this.send({ pingReq: { timestamp: String(Date.now()), rtt: String(Math.round(this.roundTrip)) } })
    }, timing.pingInterval * 1000)
  }

  private finish(end: SocketEnd): void {
    if (this.ended) return
    this.close()
    this.handlers.ended(end)
  }
}
