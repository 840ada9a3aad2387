// What one hears of while looking elsewhere: the number in the title, a sound, a notification of the system.

import { useEffect, useState } from 'react'
import { isNotable, mentionCount, noticeOf, placeIn } from '../../../model/community/notices'
import type { Message } from '../../../model/community/types'
import { recall, remember } from '../../../model/entry'
import { Icon } from '../../icons'
import { useWords } from '../../useStore'
import { channelName } from '../ChannelList'
import { useClient, useCommunity, useInterface } from '../context'
import { playNotice } from './sound'

/** `on`, `off` or nothing yet. */
const CHOICE = 'notifications'

export function Notifications(): JSX.Element | null {
  const { community, ui } = useClient()
  const state = useCommunity()
  const { channel: open } = useInterface()
  const words = useWords()
  const [isAsking, setAsking] = useState(false)
  const count = mentionCount(state)
  const channel = open ? state.channels[open] : undefined
  const place = channel ? `${channelName(state, channel)} · ${state.server.name}` : state.server.name
  useEffect(() => { document.title = count > 0 ? `(${count > 99 ? '99+' : count}) ${place}` : place }, [count, place])

  useEffect(() => {
    const follow = (): void => {
      const target = placeIn(location.hash)
      if (!target) return
      history.replaceState(null, '', location.pathname)
      if (community.state.get()?.channels[target.channel]) ui.open(target.channel, target.message)
    }
    follow()
    window.addEventListener('hashchange', follow)
    return () => window.removeEventListener('hashchange', follow)
  }, [community, ui])

  useEffect(() => community.onEvent((op, data, now) => {
    if (op !== 'message_create') return
    const { message } = data as { message: Message }
    const seen = document.hasFocus() ? ui.state.get().channel : null
    if (!isNotable(now, message, seen)) return
    if (recall('sounds') !== 'off') playNotice()
    if (typeof Notification === 'undefined') return
    if (Notification.permission === 'default' && recall(CHOICE) === '') setAsking(true)
    if (!document.hidden || Notification.permission !== 'granted' || recall(CHOICE) === 'off') return
    const { title, body } = noticeOf(now, message)
    const notice = new Notification(title, { body, tag: message.channel_id, icon: '/icon.svg', silent: true })
    notice.onclick = () => {
      window.focus()
      ui.open(message.channel_id, message.id)
      notice.close()
    }
  }), [community, ui])

  if (!isAsking) return null
  const answer = (choice: 'on' | 'off'): void => {
    remember(CHOICE, choice)
    setAsking(false)
    if (choice === 'on') void Notification.requestPermission()
  }
  return (
    <div className="ask-notifications" role="region" aria-label={words('notify.title')}>
      <Icon name="smile" size={20} /><p>{words('notify.ask')}</p>
      <button className="primary" onClick={() => answer('on')}>{words('notify.yes')}</button>
      <button className="secondary" onClick={() => answer('off')}>{words('notify.no')}</button>
    </div>
  )
}
