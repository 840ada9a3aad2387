// Files under a message: pictures that keep their place before they are loaded, players, and everything else to download.

import type { Attachment } from '../../../model/community/types'
import { withoutTricks } from '../../../model/markdown'
import { Icon } from '../../icons'
import { useWords } from '../../useStore'
import { useClient } from '../context'
import { sizeText } from './time'

/** The largest that a picture is drawn in the timeline, pixels. */
const BOX = { width: 420, height: 320 }
const SMALL = 400

export function Attachments({ list }: { list: Attachment[] }): JSX.Element | null {
  if (list.length === 0) return null
  const pictures = list.filter(isPicture)
  const others = list.filter((attachment) => !isPicture(attachment))
  return (
    <div className="attachments">
      {pictures.length > 0 && (
        <div className={pictures.length > 1 ? 'pictures many' : 'pictures'}>{pictures.map((picture) => <Picture key={picture.id} picture={picture} />)}</div>
      )}
      {others.map((attachment) => <Other key={attachment.id} attachment={attachment} />)}
    </div>
  )
}

const isPicture = (attachment: Attachment): boolean =>
  /^image\/(png|jpe?g|gif|webp|avif|bmp)$/.test(attachment.mime_type) && attachment.width !== null && attachment.height !== null

/** What a picture takes in the timeline: its own shape within the box. */
export function fitted(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, BOX.width / width, BOX.height / height)
  return { width: Math.max(24, Math.round(width * scale)), height: Math.max(24, Math.round(height * scale)) }
}

function Picture({ picture }: { picture: Attachment }): JSX.Element {
  const { ui } = useClient()
  const words = useWords()
  const size = fitted(picture.width ?? 1, picture.height ?? 1)
  const name = withoutTricks(picture.filename)
  // Moving pictures move; small ones are as small as their thumbnail.
  const isOwn = picture.mime_type === 'image/gif' || !picture.thumbnail_url || Math.max(picture.width ?? 0, picture.height ?? 0) <= SMALL
  return (
    <button className="picture" style={{ width: size.width, aspectRatio: `${size.width} / ${size.height}` }} title={name}
      aria-label={words('chat.enlarge', { name })} onClick={() => ui.dialog({ kind: 'lightbox', url: picture.url, name })}>
      <img src={isOwn ? picture.url : picture.thumbnail_url ?? picture.url} alt={name} width={size.width} height={size.height}
        loading="lazy" decoding="async" draggable={false} />
    </button>
  )
}

function Other({ attachment }: { attachment: Attachment }): JSX.Element {
  const words = useWords()
  const name = withoutTricks(attachment.filename)
  const file = (
    <div className="file">
      <Icon name="file" size={28} />
      <div>
        <a href={attachment.url} download={name} title={name}><bdi>{name}</bdi></a>
        <span className="hint">{sizeText(attachment.size)}</span>
      </div>
      <a className="icon-button" href={attachment.url} download={name} aria-label={words('chat.download', { name })} title={words('chat.download', { name })}>
        <Icon name="download" size={20} />
      </a>
    </div>
  )
  if (/^video\/(mp4|webm|ogg|quicktime)$/.test(attachment.mime_type)) {
    const size = fitted(attachment.width ?? 640, attachment.height ?? 360)
    const shape = { width: size.width, aspectRatio: `${size.width} / ${size.height}` }
    return <video className="video" controls preload="metadata" src={attachment.url} style={shape} aria-label={name} />
  }
  if (attachment.mime_type.startsWith('audio/')) return <div className="sound">{file}<audio controls preload="none" src={attachment.url} aria-label={name} /></div>
  return file
}
