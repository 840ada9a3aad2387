// When a message was written, as people say it; and how large a file is.

import type { Language } from '../../../strings/catalogue'
import type { Words } from '../../useStore'

const DAY = 86_400_000

export const clock = (language: Language, at: string | number): string =>
  new Date(at).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' })

export function timeText(words: Words, language: Language, at: string | number, now: number): string {
  const date = new Date(at)
  const time = clock(language, at)
  const days = Math.round((midnight(now) - midnight(date.getTime())) / DAY)
  if (days === 0) return words('chat.today', { time })
  if (days === 1) return words('chat.yesterday', { time })
  return `${date.toLocaleDateString(language, { day: '2-digit', month: '2-digit', year: 'numeric' })} ${time}`
}

/** The whole moment, for tooltips. */
export const fullTime = (language: Language, at: string): string => new Date(at).toLocaleString(language, { dateStyle: 'full', timeStyle: 'short' })

export const dayText = (language: Language, at: string | number): string => new Date(at).toLocaleDateString(language, { day: 'numeric', month: 'long', year: 'numeric' })

export const isSameDay = (a: string | number, b: string | number): boolean => midnight(new Date(a).getTime()) === midnight(new Date(b).getTime())

const midnight = (time: number): number => new Date(time).setHours(0, 0, 0, 0)

export function sizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`
  if (bytes < 1_048_576) return `${(bytes / 1_024).toFixed(bytes < 10_240 ? 1 : 0)} KB`
  return `${(bytes / 1_048_576).toFixed(1)} MB`
}
