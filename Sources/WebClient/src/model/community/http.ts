// The REST side. The session lives in cookies that no script can read; this renews it when it has run out.

/** A refusal, with the server's stable code and its words. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    /** `FORBIDDEN`, `VALIDATION_ERROR`, …; `NETWORK` when no answer came. */
    readonly code: string,
    message: string,
    readonly reason: string | null = null,
    readonly pointer: string | null = null,
    /** Seconds. */
    readonly retryAfter: number | null = null,
    /** The whole answer: some refusals carry a ticket for the next step. */
    readonly body: Record<string, unknown> = {},
  ) {
    super(message)
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Routes that work without a session: a 401 of theirs means what it says. */
const OPEN = ['/auth/login', '/auth/refresh', '/auth/register', '/auth/two-factor', '/setup']

export class Api {
  /** Called once when the session is over and cannot be renewed. */
  onSignedOut: () => void = () => undefined
  private renewing: Promise<boolean> | null = null

  constructor(private readonly base = '/api', private readonly fetch: Fetch = (url, init) => globalThis.fetch(url, init)) {}

  get = <Answer>(path: string): Promise<Answer> => this.request('GET', path)
  post = <Answer>(path: string, body: unknown = {}, reason = ''): Promise<Answer> => this.request('POST', path, body, reason)
  put = <Answer>(path: string, body: unknown = {}): Promise<Answer> => this.request('PUT', path, body)
  patch = <Answer>(path: string, body: unknown): Promise<Answer> => this.request('PATCH', path, body)
  delete = <Answer>(path: string, body?: unknown): Promise<Answer> => this.request('DELETE', path, body)

  /** `reason` is what the audit log keeps as the why of it. A form goes as it is, with its files. */
  async request<Answer>(method: Method, path: string, body?: unknown, reason = ''): Promise<Answer> {
    const headers: Record<string, string> = { Accept: 'application/json' }
    const init: RequestInit = { method, credentials: 'same-origin', headers }
    if (reason) headers['X-Audit-Log-Reason'] = encodeURIComponent(reason)
    if (body instanceof FormData) {
      init.body = body
    } else if (body !== undefined) {
      headers['Content-Type'] = 'application/json'
      init.body = JSON.stringify(body)
    }
    let answer = await this.send(path, init)
    if (answer.status === 401 && !OPEN.some((open) => path.startsWith(open))) {
      if (await this.renew()) answer = await this.send(path, init)
      if (answer.status === 401) this.onSignedOut()
    }
    return await read(answer) as Answer
  }

  /** A new access token for the refresh token; one attempt at a time, however many requests wait for it. */
  renew(): Promise<boolean> {
    this.renewing ??= this.send('/auth/refresh', {
      method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'application/json' }, body: '{}',
    }).then((answer) => answer.ok).finally(() => { this.renewing = null })
    return this.renewing
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.fetch(this.base + path, init)
    } catch {
      throw new Problem(0, 'NETWORK', 'no answer')
    }
  }
}

async function read(answer: Response): Promise<unknown> {
  const body = await answer.json().catch(() => ({})) as Record<string, unknown>
  if (answer.ok) return body
  const text = (name: string): string | null => (typeof body[name] === 'string' ? body[name] as string : null)
  const wait = typeof body['retry_after'] === 'number' ? body['retry_after'] : null
  throw new Problem(
    answer.status, text('code') ?? `HTTP_${answer.status}`, text('error') ?? answer.statusText, text('reason'), text('pointer'),
    wait, body)
}
