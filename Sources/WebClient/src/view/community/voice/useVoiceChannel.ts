// Being in a voice channel, as the views see it.

import type { Channel } from '../../../model/community/types'

export function useVoiceChannel(): { join: (channel: Channel) => void } {
  return { join: () => undefined }
}
