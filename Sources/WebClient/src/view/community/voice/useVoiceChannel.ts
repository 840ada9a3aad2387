// Being in a voice channel, as the views see it.

import { useStore } from '../../useStore'
import type { VoiceClient, VoiceState } from '../../../media/voiceClient'
import { useClient } from '../context'

export function useVoice(): { voice: VoiceClient; state: VoiceState } {
  const { voice } = useClient()
  return { voice, state: useStore(voice.state) }
}
