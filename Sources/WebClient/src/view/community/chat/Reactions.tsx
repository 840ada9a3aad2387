// Emojis under a message with how many chose them, and who.

import { useContext, useState } from 'react'
import { emojiName } from '../../../model/emoji'
import { nameOf } from '../../../model/community/state'
import type { Id, Message } from '../../../model/community/types'
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
  const [who, setWho] = useState<{ count: number; isMine: boolean; text: string } | null>(null)
  const name = emojiName(emoji, language)
  const load = (): void => {
    if (who && who.count === count && who.isMine === isMine) return
    api.get<{ users: Id[] }>(`/messages/${message.id}/reactions/${encodeURIComponent(emoji)}?limit=${NAMED}`).then(({ users }) => {
      const members = community.state.get()?.members ?? {}
      const names = users.flatMap((id) => { const member = members[id]; return member ? [nameOf(member)] : [] })
      const others = count - names.length
      const text = names.join(', ') + (others > 0 ? ` ${words('chat.andOthers', { count: others })}` : '')
      setWho({ count, isMine, text: words('chat.reactedWith', { who: text, emoji: name }) })
    }, () => undefined)
  }
  return (
    <button className="reaction" aria-pressed={isMine} disabled={!canReact && !isMine} title={who?.text ?? name}
      aria-label={words('chat.reaction', { emoji: name, count })} onMouseEnter={load} onFocus={load} onClick={() => react(message, emoji)}>
      <span aria-hidden="true">{emoji}</span><span className="count" aria-hidden="true">{count}</span>
    </button>
  )
}
