// Changing a message where it stands: Enter saves, Escape leaves it as it was.

import { useEffect, useRef, useState } from 'react'
import { decodeMentions, encodeMentions } from '../../../model/community/mentions'
import type { Message } from '../../../model/community/types'
import { useWords } from '../../useStore'
import { useCommunity } from '../context'
import { useChat } from './chat'
import { LONGEST, TextBox } from './TextBox'

export function EditBox({ message }: { message: Message }): JSX.Element | null {
  const state = useCommunity()
  const words = useWords()
  const chat = useChat()
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(() => decodeMentions(message.content ?? '', state))
  useEffect(() => {
    const box = field.current
    box?.focus()
    box?.setSelectionRange(box.value.length, box.value.length)
  }, [])
  const channel = state.channels[message.channel_id]
  if (!channel) return null
  const leave = (): void => { chat.edit(null); chat.focus() }
  const save = (): void => {
    const content = encodeMentions(text.trim(), state)
    if (content.length > LONGEST) return
    if (content === message.content) return leave()
    // Nothing left of it: that is deleting, if no file is left either.
    if (!content && message.attachments.length === 0) return chat.remove(message, false)
    chat.save(message, content)
    leave()
  }
  return (
    <div className="edit-box">
      <TextBox value={text} channel={channel} label={words('chat.editing')} field={field} onChange={setText} onSubmit={save}
        onKey={(event) => { if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); leave() } }} />
      <p className="hint">
        <span>{words('chat.editHint')}</span>
        <button className="link" onClick={leave}>{words('shell.cancel')}</button>
        <button className="link" onClick={save}>{words('shell.save')}</button>
      </p>
    </div>
  )
}
