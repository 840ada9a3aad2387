// Times and spans as people of a language write them.

import type { Language } from '../../../strings/catalogue'

const units: [number, string][] = [[86_400, 'day'], [3_600, 'hour'], [60, 'minute'], [1, 'second']]

/** "30 minutes", in the largest unit that divides it. */
export function span(language: Language, seconds: number): string {
  const [size, unit] = units.find(([length]) => seconds % length === 0) ?? [1, 'second']
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(seconds / size)
}

export const moment = (language: Language, at: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at))

export const day = (language: Language, at: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(at))
