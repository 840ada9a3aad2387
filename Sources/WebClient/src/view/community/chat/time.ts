// When a message was written, as people say it.

import type { Language } from '../../../strings/catalogue'
import type { Words } from '../../useStore'

const DAY = 86_400_000

export function timeText(words: Words, language: Language, at: string, now: number): string {
  const date = new Date(at)
  const time = date.toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' })
  const days = Math.round((midnight(now) - midnight(date.getTime())) / DAY)
  if (days === 0) return words('chat.today', { time })
  if (days === 1) return words('chat.yesterday', { time })
  return `${date.toLocaleDateString(language, { day: '2-digit', month: '2-digit', year: 'numeric' })} ${time}`
}

const midnight = (time: number): number => new Date(time).setHours(0, 0, 0, 0)
