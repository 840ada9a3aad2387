// Stores of the model as React state.

import { createContext, useContext, useSyncExternalStore } from 'react'
import type { ReadonlyStore } from '../model/store'
import { translate, type Key, type Language } from '../strings/catalogue'

export function useStore<Value>(store: ReadonlyStore<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get)
}

export const LanguageContext = createContext<Language>('tr')

/** Looks words up in the reader's language. */
export type Words = (key: Key, values?: Record<string, string | number>) => string

export function useWords(): Words {
  const language = useContext(LanguageContext)
  return (key, values) => translate(language, key, values)
}
