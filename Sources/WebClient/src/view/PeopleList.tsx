// Who is here: speaking ring, muted mark, quality of the line.

import { trackOf, type Participant } from '../model/roomState'
import { Avatar } from './Avatar'
import { Icon } from './icons'
import { useWords } from './useStore'

interface Props {
  people: Participant[]
  isOpen: boolean
  onClose(): void
}

export function PeopleList({ people, isOpen, onClose }: Props): JSX.Element {
  const words = useWords()
  return (
    <aside className={isOpen ? 'people open' : 'people'} aria-label={words('room.people')}>
      <header>
        <h2>{words('room.people')} — {people.length}</h2>
        <button className="tool people-close" aria-label={words('settings.close')} onClick={onClose}><Icon name="close" size={18} /></button>
      </header>
      <ul>
        {people.map((person) => <Person key={person.sid} person={person} />)}
      </ul>
    </aside>
  )
}

function Person({ person }: { person: Participant }): JSX.Element {
  const words = useWords()
  const microphone = trackOf(person, 'MICROPHONE')
  const isSpeaking = person.audioLevel > 0 && !microphone?.muted
  return (
    <li className={isSpeaking ? 'person speaking' : 'person'} data-identity={person.identity}>
      <Avatar person={person} size={32} />
      <span className="person-name">
        {person.name}{person.isLocal && <span className="quiet"> ({words('room.you')})</span>}
        {!microphone && <small className="quiet">{words('room.listenonly')}</small>}
      </span>
      {trackOf(person, 'SCREEN_SHARE') && <span className="badge live"><Icon name="screen" size={14} /></span>}
      {microphone?.muted && <span className="badge"><Icon name="microphoneOff" size={16} /></span>}
      <span className={`line ${person.quality.toLowerCase()}`} title={words(`quality.${person.quality}`)} role="img"
        aria-label={words(`quality.${person.quality}`)}><i /><i /><i /></span>
    </li>
  )
}
