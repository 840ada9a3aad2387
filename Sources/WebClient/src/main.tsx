import { MediaSession } from './media/mediaSession'
export const session = new MediaSession()
