// Where one writes. Enter sends, Shift and Enter begin a new line; what was begun stays with the channel.

import { useState, type KeyboardEvent } from 'react'
import type { Channel } from '../../../model/community/types'
import { useWords } from '../../useStore'
import { channelName } from '../ChannelList'
import { useAction, useClient, useCommunity } from '../context'

/** The server's limit, characters. */
const LONGEST = 4000

export function Composer({ channel }: { channel: Channel }): JSX.Element {
  const { community, ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  const act = useAction()
  const [text, setText] = useState(() => ui.draft(channel.id))
  const change = (next: string): void => {
    setText(next)
    ui.setDraft(channel.id, next)
    if (next) community.typing(channel.id)
  }
  const send = (): void => {
    const content = text.trim()
    if (!content) return
    change('')
    act(() => community.send(channel.id, content))
  }
  const pressed = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  const name = channelName(state, channel)
  const placeholder = channel.type === 'dm' || channel.type === 'group'
    ? words('chat.placeholder.conversation', { name }) : words('chat.placeholder', { channel: name })
  return (
    <form className="composer" onSubmit={(event) => { event.preventDefault(); send() }}>
      <textarea rows={Math.min(10, text.split('\n').length)} value={text} maxLength={LONGEST} placeholder={placeholder} aria-label={placeholder}
        onChange={(event) => change(event.target.value)} onKeyDown={pressed} autoFocus />
      <button className="primary" disabled={!text.trim()}>{words('chat.send')}</button>
    </form>
  )
}
