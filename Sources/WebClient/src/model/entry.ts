// Getting in: the room from the address, a token from the server, and the few choices kept in the browser.

/** The server's own words for why there is no token. */
export class TokenRefused extends Error {}

export function roomFromAddress(hash: string): string {
  try {
    return decodeURIComponent(hash.replace(/^#/, '')).slice(0, 64)
  } catch {
    return ''
  }
}

/** Asks the server for permission to enter; every page has an identity of its own, so two tabs are two people. */
export async function requestToken(origin: string, room: string, name: string): Promise<string> {
  const answer = await fetch(`${origin}/api/rooms/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ room, name }),
  })
  const body = (await answer.json().catch(() => ({}))) as { token?: string; data?: { token?: string }; error?: string }
  const token = body.token ?? body.data?.token
  if (!answer.ok || !token) throw new TokenRefused(body.error ?? `HTTP ${answer.status}`)
  return token
}

/** Keeps a choice for the next visit. Storage may be switched off: then nothing is kept. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`mqvi.${key}`, value)
  } catch {
    // A private window without storage.
  }
}

/** What was kept under `key`, or nothing. */
export function recall(key: string): string {
  try {
    return localStorage.getItem(`mqvi.${key}`) ?? ''
  } catch {
    return ''
  }
}
