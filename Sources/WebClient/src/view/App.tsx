// The page: a room without an account if the address names one, otherwise the community.

import { useEffect, useState } from 'react'
import { recall, remember } from '../model/entry'
import { preferredLanguage, type Language } from '../strings/catalogue'
import { CommunityApp } from './community/CommunityApp'
import { GuestRoom } from './GuestRoom'
import { LanguageContext } from './useStore'

/** `#name` is a room that one enters with its link; `#/…` is a place in the community. */
const isGuest = (hash: string): boolean => hash.length > 1 && !hash.startsWith('#/')

export function App(): JSX.Element {
  const [language, setLanguage] = useState<Language>(() => (recall('language') as Language) || preferredLanguage(navigator.languages))
  const [guest, setGuest] = useState(isGuest(location.hash))

  useEffect(() => { document.documentElement.lang = language }, [language])
  useEffect(() => {
    const changed = (): void => setGuest((was) => was || isGuest(location.hash))
    window.addEventListener('hashchange', changed)
    return () => window.removeEventListener('hashchange', changed)
  }, [])

  const choose = (next: Language): void => {
    remember('language', next)
    setLanguage(next)
  }
  return (
    <LanguageContext.Provider value={language}>
      {guest
        ? <GuestRoom language={language} onLanguage={() => choose(language === 'tr' ? 'en' : 'tr')} />
        : <CommunityApp onGuest={() => setGuest(true)} onLanguage={choose} />}
    </LanguageContext.Provider>
  )
}
