// Every word that a person reads. Turkish first; a missing key is a type error. One file for each part of the page.

import * as auth from './words/auth'
import * as chat from './words/chat'
import * as room from './words/room'
import * as settings from './words/settings'
import * as shell from './words/shell'
import * as voice from './words/voice'

const tr = { ...room.tr, ...auth.tr, ...shell.tr, ...chat.tr, ...voice.tr, ...settings.tr }

export type Key = keyof typeof tr

const en: Record<Key, string> = { ...room.en, ...auth.en, ...shell.en, ...chat.en, ...voice.en, ...settings.en }

export type Language = 'tr' | 'en'

/** The browser's wish: Turkish unless it asks for something else first. */
export function preferredLanguage(languages: readonly string[]): Language {
  const first = languages[0]?.toLowerCase() ?? 'tr'
  return first.startsWith('tr') ? 'tr' : 'en'
}

/** The words under `key`, with `{name}` replaced by the value of that name. */
export function translate(language: Language, key: Key, values: Record<string, string | number> = {}): string {
  return (language === 'tr' ? tr : en)[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** Whether a word exists, for reasons that come from the server. */
export function isKey(key: string): key is Key {
  return key in tr
}
