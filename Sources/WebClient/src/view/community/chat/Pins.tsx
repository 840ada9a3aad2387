// What is pinned to a channel.

import { useEffect, useState } from 'react'
import type { Channel, Message } from '../../../model/community/types'
import { Icon } from '../../icons'
import { Popover } from '../../parts/Popover'
import { useWords } from '../../useStore'
import { useAction, useClient } from '../context'
import type { Rights } from './chat'
import { ResultCard } from './ResultCard'

export function PinsButton({ channel, rights }: { channel: Channel; rights: Rights }): JSX.Element {
  const words = useWords()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  return (
    <>
      <button className="icon-button" aria-label={words('chat.pins')} title={words('chat.pins')} aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(anchor ? null : event.currentTarget)}><Icon name="pin" size={20} /></button>
      {anchor && <PinsPopover anchor={anchor} channel={channel} rights={rights} onClose={() => setAnchor(null)} />}
    </>
  )
}

function PinsPopover({ anchor, channel, rights, onClose }: { anchor: HTMLElement; channel: Channel; rights: Rights; onClose: () => void }): JSX.Element {
  const { api, community, ui } = useClient()
  const words = useWords()
  const act = useAction()
  const [pins, setPins] = useState<Message[] | null>(null)
  useEffect(() => act(async () => setPins((await api.get<{ messages: Message[] }>(`/channels/${channel.id}/pins`)).messages)), [api, channel.id])
  const unpin = (message: Message): void => act(async () => {
    await community.pin(message, false)
    setPins((old) => old?.filter((pin) => pin.id !== message.id) ?? null)
  })
  return (
    <Popover anchor={anchor} label={words('chat.pins')} className="pins" onClose={onClose}>
      <h2>{words('chat.pins')}</h2>
      {pins === null && <div className="skeleton line" />}
      {pins?.length === 0 && <p className="empty-note"><Icon name="pin" size={32} />{words('chat.pins.none')}</p>}
      <ul className="results">
        {pins?.map((message) => (
          <ResultCard key={message.id} message={message} onOpen={() => { onClose(); ui.open(channel.id, message.id) }}>
            {rights.pin && (
              <button className="icon-button" aria-label={words('chat.unpin')} title={words('chat.unpin')} onClick={() => unpin(message)}><Icon name="close" size={16} /></button>
            )}
          </ResultCard>
        ))}
      </ul>
    </Popover>
  )
}
