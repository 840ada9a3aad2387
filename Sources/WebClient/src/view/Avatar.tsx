// A person without a picture: the first letters on a colour that follows from the identity.

import type { Participant } from '../model/roomState'

const colours = 8

export function Avatar({ person, size }: { person: Participant; size: number }): JSX.Element {
  let hash = 0
  for (const character of person.identity) hash = (hash * 31 + character.codePointAt(0)!) >>> 0
  const initials = person.name.trim().split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? '').join('').toLocaleUpperCase('tr')
  return (
    <svg className={`avatar colour-${hash % colours}`} width={size} height={size} viewBox="0 0 40 40" aria-hidden="true">
      <circle cx="20" cy="20" r="20" />
      <text x="20" y="20" dy="0.36em" textAnchor="middle">{initials || '?'}</text>
    </svg>
  )
}
