// Files that go with the next message: what they are, how far they have come, and a way to leave them out.

import { useEffect, useState } from 'react'
import type { Upload, Uploads } from '../../../model/community/uploads'
import { withoutTricks } from '../../../model/markdown'
import { isKey } from '../../../strings/catalogue'
import { Icon } from '../../icons'
import { useStore, useWords } from '../../useStore'
import { sizeText } from './time'

export function FileTray({ uploads }: { uploads: Uploads<File> }): JSX.Element | null {
  const list = useStore(uploads.state)
  const words = useWords()
  if (list.length === 0) return null
  return (
    <ul className="file-tray" aria-label={words('chat.attachments')}>
      {list.map((upload) => <FileCard key={upload.key} upload={upload} uploads={uploads} />)}
    </ul>
  )
}

function FileCard({ upload, uploads }: { upload: Upload<File>; uploads: Uploads<File> }): JSX.Element {
  const words = useWords()
  const preview = usePreview(upload.file)
  const name = withoutTricks(upload.file.name)
  const key = `upload.${upload.failure ?? ''}`
  const problem = `problem.${upload.failure ?? ''}`
  const isFinal = upload.failure === 'tooLarge' || upload.failure === 'empty'
  return (
    <li className={upload.failure ? 'failed' : undefined}>
      <div className="preview">{preview ? <img src={preview} alt="" /> : <Icon name="file" size={40} />}</div>
      <span className="name" title={name}><bdi>{name}</bdi></span>
      {upload.failure
        ? <span className="failure" role="alert">{isKey(key) ? words(key) : isKey(problem) ? words(problem, { seconds: 1 }) : words('problem.INTERNAL_ERROR')}
          {!isFinal && <button type="button" className="link" onClick={() => uploads.retry(upload.key)}>{words('chat.retry')}</button>}</span>
        : upload.attachment
          ? <span className="hint">{sizeText(upload.file.size)}</span>
          : <progress max={1} value={upload.progress} aria-label={words('chat.uploading', { name })} />}
      <button type="button" className="icon-button" aria-label={words('chat.removeFile', { name })} title={words('chat.removeFile', { name })}
        onClick={() => uploads.remove(upload.key)}>
        <Icon name={upload.attachment || upload.failure ? 'trash' : 'close'} size={18} />
      </button>
    </li>
  )
}

function usePreview(file: File): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (!/^image\/(png|jpe?g|gif|webp|avif)$/.test(file.type)) return undefined
    const made = URL.createObjectURL(file)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [file])
  return url
}
