// Uploads of the open channels over XMLHttpRequest, which alone says how much has gone.

import type { Community } from '../../../model/community/community'
import { Problem } from '../../../model/community/http'
import type { Attachment, Id } from '../../../model/community/types'
import { Uploads } from '../../../model/community/uploads'

const lists = new WeakMap<Community, Map<Id, Uploads<File>>>()

/** What is being attached in a channel; it stays while one looks elsewhere. */
export function uploadsIn(community: Community, channel: Id): Uploads<File> {
  let byChannel = lists.get(community)
  if (!byChannel) lists.set(community, byChannel = new Map())
  let uploads = byChannel.get(channel)
  if (!uploads) {
    uploads = new Uploads<File>(
      (file, onProgress) => transfer(community, file, onProgress), (error) => (error instanceof Problem ? error.code : 'NETWORK'))
    byChannel.set(channel, uploads)
  }
  return uploads
}

function transfer(community: Community, file: File, onProgress: (part: number) => void): { done: Promise<Attachment>; cancel: () => void } {
  let request = new XMLHttpRequest()
  let isCancelled = false
  const attempt = async (isSecond: boolean): Promise<Attachment> => {
    request = new XMLHttpRequest()
    try {
      return await send(request, file, onProgress)
    } catch (error) {
      // The session may have run out: renew it and try once more.
      const isOver = error instanceof Problem && error.status === 401
      if (isSecond || isCancelled || !isOver || !await community.api.renew()) throw error
      return attempt(true)
    }
  }
  return { done: attempt(false), cancel: () => { isCancelled = true; request.abort() } }
}

function send(request: XMLHttpRequest, file: File, onProgress: (part: number) => void): Promise<Attachment> {
  return new Promise((resolve, reject) => {
    request.open('POST', '/api/upload')
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
    request.setRequestHeader('X-File-Name', encodeURIComponent(file.name || 'file'))
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total) }
    request.onerror = request.onabort = () => reject(new Problem(0, 'NETWORK', 'no answer'))
    request.onload = () => {
      const body = answer(request.responseText)
      const attachment = body['attachment'] as Attachment | undefined
      if (request.status === 201 && attachment) resolve(attachment)
      else reject(new Problem(request.status, String(body['code'] ?? `HTTP_${request.status}`), String(body['error'] ?? '')))
    }
    request.send(file)
  })
}

function answer(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
