// Who is in a voice channel, below its name.

import { nameOf } from '../../../model/community/state'
import type { Channel } from '../../../model/community/types'
import { Face } from '../../parts/Face'
import { useCommunity } from '../context'

export function VoiceMembers({ channel }: { channel: Channel }): JSX.Element | null {
  const state = useCommunity()
  const here = Object.values(state.voiceStates).filter((voice) => voice.channel_id === channel.id)
  if (here.length === 0) return null
  return (
    <ul className="voice-members">
      {here.map((voice) => {
        const member = state.members[voice.user_id]
        return member && <li key={voice.user_id}><Face person={member} size={24} /><span className="name">{nameOf(member)}</span></li>
      })}
    </ul>
  )
}
