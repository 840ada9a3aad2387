// An open voice channel: who is there and what they show, or the way in.

import { useEffect, useMemo } from 'react'
import { orderedParticipants } from '../../../model/roomState'
import type { Channel } from '../../../model/community/types'
import { Icon } from '../../icons'
import { Stage, stageItems } from '../../Stage'
import { useStore, useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { useVoice } from './useVoiceChannel'
import { Face } from '../../parts/Face'
import { nameOf } from '../../../model/community/state'

export function VoiceView({ channel }: { channel: Channel }): JSX.Element {
  const { ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const { state: voice } = useVoice()
  useEffect(() => { document.title = `${channel.name} · ${state.server.name}` }, [channel.name, state.server.name])
  return (
    <>
      <header className="chat-head">
        <button className="icon-button phone-only" aria-label={words('shell.channels')} onClick={() => ui.show('channels')}>
          <Icon name="back" size={20} />
        </button>
        <h1><Icon name="speaker" size={22} />{channel.name}</h1>
      </header>
      {voice.channel === channel.id && voice.phase !== 'connecting' ? <Inside /> : <Outside channel={channel} />}
    </>
  )
}

function Inside(): JSX.Element {
  const { voice } = useClient()
  const room = useStore(voice.session.room)
  const remote = useStore(voice.session.remoteTracks)
  const local = useStore(voice.session.localTracks)
  const people = useMemo(() => orderedParticipants(room), [room])
  const items = useMemo(() => stageItems(people, remote, local), [people, remote, local])
  return <div className="voice-stage"><Stage items={items} people={people} session={voice.session} paused={room.pausedTracks} isChannel /></div>
}

function Outside({ channel }: { channel: Channel }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const { voice, state: voiceState } = useVoice()
  const here = Object.values(state.voiceStates).filter((entry) => entry.channel_id === channel.id)
  const isBusy = voiceState.channel === channel.id
  return (
    <section className="voice-door">
      <div className="faces">
        {here.map((entry) => {
          const member = state.members[entry.user_id]
          return member && <span key={entry.user_id} title={nameOf(member)}><Face person={member} size={48} /></span>
        })}
      </div>
      <h2>{channel.name}</h2>
      <p className="quiet">{here.length > 0 ? words('voice.here', { count: here.length }) : words('voice.nobody')}</p>
      <button className="primary" disabled={isBusy} onClick={() => void voice.join(channel)}>
        {words(isBusy ? 'voice.connecting' : 'voice.join')}
      </button>
    </section>
  )
}
