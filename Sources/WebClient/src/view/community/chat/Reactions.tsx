// Emojis under a message with how many chose them, and who.

import { useContext, useEffect, useState } from 'react'
import { emojiName } from '../../../model/emoji'
import { nameOf } from '../../../model/community/state'
import type { Id, Message, User } from '../../../model/community/types'
import { Icon } from '../../icons'
import { LanguageContext, useWords } from '../../useStore'
import { useClient } from '../context'
import { useChat } from './chat'
import { EmojiPicker } from './EmojiPicker'

/** Names that are listed before the rest is counted. */
const NAMED = 8

export function Reactions({ message, canReact }: { message: Message; canReact: boolean }): JSX.Element | null {
  const words = useWords()
  const { react } = useChat()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  if (message.reactions.length === 0) return null
  return (
    <div className="reactions">
      {message.reactions.map((reaction) => (
        <ReactionButton key={reaction.emoji} message={message} emoji={reaction.emoji} count={reaction.count} isMine={reaction.me} canReact={canReact} />
      ))}
      {canReact && (
        <button className="reaction add" aria-label={words('chat.react')} title={words('chat.react')} onClick={(event) => setAnchor(event.currentTarget)}>
          <Icon name="smile" size={16} />
        </button>
      )}
      {anchor && <EmojiPicker anchor={anchor} onPick={(emoji) => react(message, emoji)} onClose={() => setAnchor(null)} />}
    </div>
  )
}

function ReactionButton({ message, emoji, count, isMine, canReact }: {
  message: Message; emoji: string; count: number; isMine: boolean; canReact: boolean
}): JSX.Element {
  const { api, community } = useClient()
  const words = useWords()
  const language = useContext(LanguageContext)
  const { react } = useChat()
  const [isNear, setNear] = useState(false)
  const [who, setWho] = useState<string | null>(null)
  const name = emojiName(emoji, language)
  useEffect(() => {
    if (!isNear) return undefined
    let isOld = false
    api.get<{ users: Id[] }>(`/messages/${message.id}/reactions/${encodeURIComponent(emoji)}?limit=${NAMED}`).then(({ users }) => {
      if (isOld) return
      const { me, members } = community.state.get() ?? { me: null, members: {} as Record<Id, User> }
      // Our own choice may not have arrived there yet.
      const others = users.filter((id) => id !== me?.id)
      const names = (isMine && me ? [me.id, ...others] : others).slice(0, NAMED).flatMap((id) => { const member = members[id]; return member ? [nameOf(member)] : [] })
      const rest = count - names.length
      const text = names.join(', ') + (rest > 0 ? ` ${words('chat.andOthers', { count: rest })}` : '')
      setWho(words('chat.reactedWith', { who: text, emoji: name }))
    }, () => undefined)
    return () => { isOld = true }
  }, [isNear, count, isMine])
  return (
    <button className="reaction" aria-pressed={isMine} disabled={!canReact && !isMine} title={who ?? name}
      aria-label={words('chat.reaction', { emoji: name, count })}
      onMouseEnter={() => setNear(true)} onMouseLeave={() => setNear(false)} onFocus={() => setNear(true)} onBlur={() => setNear(false)}
      onClick={() => react(message, emoji)}>
      <span aria-hidden="true">{emoji}</span><span className="count" aria-hidden="true">{count}</span>
    </button>
  )
}
