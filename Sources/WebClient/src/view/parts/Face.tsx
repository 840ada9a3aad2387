// A member's picture with the dot of presence; without a picture, the first letters on a colour of their own.

import type { PresenceStatus } from '../../model/community/types'
import { useWords } from '../useStore'

interface Person {
  id: string
  username: string
  display_name: string | null
  avatar_url: string | null
}

export function Face({ person, size = 32, status }: { person: Person; size?: number; status?: PresenceStatus }): JSX.Element {
  const words = useWords()
  return (
    <span className="face" style={{ width: size, height: size }}>
      {person.avatar_url
        ? <img src={person.avatar_url} width={size} height={size} alt="" loading="lazy" />
        : <Initials id={person.id} name={person.display_name || person.username} size={size} />}
      {status && <span className={`dot ${status}`} role="img" aria-label={words(`status.${status}`)} />}
    </span>
  )
}

function Initials({ id, name, size }: { id: string; name: string; size: number }): JSX.Element {
  let hash = 0
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0
  const letters = name.trim().split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? '').join('').toLocaleUpperCase('tr')
  return (
    <svg className={`avatar colour-${hash % 8}`} width={size} height={size} viewBox="0 0 40 40" aria-hidden="true">
      <circle cx="20" cy="20" r="20" />
      <text x="20" y="20" dy="0.36em" textAnchor="middle">{letters || '?'}</text>
    </svg>
  )
}
