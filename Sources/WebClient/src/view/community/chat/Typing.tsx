// Who is typing.

import { useEffect, useState } from 'react'
import { nameOf } from '../../../model/community/state'
import type { Channel } from '../../../model/community/types'
import { useWords } from '../../useStore'
import { useCommunity } from '../context'

export function Typing({ channel }: { channel: Channel }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const [now, setNow] = useState(Date.now())
  const typing = state.typing[channel.id]
  useEffect(() => {
    setNow(Date.now())
    if (!typing || Object.keys(typing).length === 0) return undefined
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [typing])
  const names = Object.entries(typing ?? {}).filter(([, until]) => until > now)
    .map(([id]) => state.members[id]).flatMap((member) => (member ? [nameOf(member)] : []))
  const [a = '', b = ''] = names
  const text = names.length === 0 ? '' : names.length === 1 ? words('chat.typing.one', { a })
    : names.length === 2 ? words('chat.typing.two', { a, b }) : words('chat.typing.many')
  return <p className="typing" aria-live="polite">{text}</p>
}
