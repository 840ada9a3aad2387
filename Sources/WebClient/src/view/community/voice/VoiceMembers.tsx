// Who is in a voice channel, below its name: who speaks, who cannot, who shows something.

import { nameOf } from '../../../model/community/state'
import type { Channel, VoiceState } from '../../../model/community/types'
import { Icon } from '../../icons'
import { Face } from '../../parts/Face'
import { useStore, useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { useMemberMenu } from '../menus'
import type { User } from '../../../model/community/types'

export function VoiceMembers({ channel }: { channel: Channel }): JSX.Element | null {
  const state = useCommunity()
  const here = Object.values(state.voiceStates).filter((voice) => voice.channel_id === channel.id)
    .sort((a, b) => ((a.joined_at ?? '') < (b.joined_at ?? '') ? -1 : 1))
  if (here.length === 0) return null
  return (
    <ul className="voice-members">
      {here.map((voice) => {
        const member = state.members[voice.user_id]
        return member && <VoiceMember key={voice.user_id} voice={voice} member={member} />
      })}
    </ul>
  )
}

function VoiceMember({ voice, member }: { voice: VoiceState; member: User }): JSX.Element {
  const words = useWords()
  const menu = useMemberMenu(member)
  const isSpeaking = useSpeaking(member.id)
  return (
    <li className={isSpeaking ? 'speaking' : undefined} onContextMenu={menu} data-voice={member.id}>
      <Face person={member} size={24} />
      <span className="name">{nameOf(member)}</span>
      {voice.streaming && <span className="live">{words('voice.live')}</span>}
      {(voice.muted || voice.server_muted) && (
        <span className={voice.server_muted ? 'forced' : undefined} title={words(voice.server_muted ? 'voice.serverMuted' : 'voice.muted')}>
          <Icon name="microphoneOff" size={16} />
        </span>
      )}
      {(voice.deafened || voice.server_deafened) && (
        <span className={voice.server_deafened ? 'forced' : undefined} title={words('voice.deafened')}><Icon name="headphonesOff" size={16} /></span>
      )}
    </li>
  )
}

/** Whether a member of the room that we are in speaks right now. */
function useSpeaking(id: string): boolean {
  const { voice } = useClient()
  const room = useStore(voice.session.room)
  return Object.values(room.participants).some((participant) => participant.identity === id && participant.audioLevel > 0)
}
