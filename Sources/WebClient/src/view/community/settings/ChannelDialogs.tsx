// Making a channel; making and renaming a category.

import { useContext, useState } from 'react'
import { reduce } from '../../../model/community/state'
import { categoriesInOrder } from '../../../model/community/ranks'
import type { Category, Channel, Id } from '../../../model/community/types'
import { Icon } from '../../icons'
import { Modal } from '../../parts/Modal'
import { LanguageContext, useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { span } from './format'
import { Choice, Field, Form, numberOf, textOf } from './form'

const KINDS = ['text', 'voice'] as const

export function CreateChannel({ category, type, onClose }: { category: Id | null; type: 'text' | 'voice'; onClose: () => void }): JSX.Element {
  const { api, community, ui } = useClient()
  const words = useWords()
  const [kind, setKind] = useState(type)
  return (
    <Modal title={words('channel.create')} onClose={onClose}>
      <Form action={words('channel.create.button')} onCancel={onClose} onSubmit={async (fields) => {
        const { channel } = await api.post<{ channel: Channel }>('/channels', {
          name: textOf(fields, 'name'), type: kind, category_id: textOf(fields, 'category_id') || null,
        })
        // The answer may be here before the gateway says it.
        community.state.update((state) => state && reduce(state, 'channel_create', { channel }, Date.now()))
        onClose()
        if (kind === 'text') ui.open(channel.id)
      }}>
        <fieldset className="kinds">
          <legend>{words('channel.type')}</legend>
          {KINDS.map((name) => (
            <label key={name} className="kind">
              <input type="radio" name="type" value={name} checked={kind === name} onChange={() => setKind(name)} />
              <Icon name={name === 'voice' ? 'speaker' : 'hash'} size={22} />
              <span>{words(`channel.type.${name}`)}<span className="hint">{words(`channel.type.${name}.hint`)}</span></span>
            </label>
          ))}
        </fieldset>
        <Field label={words('channel.name')} name="name" required maxLength={100} autoFocus autoComplete="off" />
        <CategoryChoice category={category} />
      </Form>
    </Modal>
  )
}

function CategoryChoice({ category }: { category: Id | null }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  return (
    <Choice label={words('channel.category')} name="category_id" defaultValue={category ?? ''} options={[
      { value: '', label: words('channel.category.none') }, ...categoriesInOrder(state).map(({ id, name }) => ({ value: id, label: name })),
    ]} />
  )
}

const SLOW = [0, 5, 10, 15, 30, 60, 300, 900, 3_600, 21_600]
const BITRATES = [32_000, 64_000, 96_000, 128_000, 192_000, 256_000, 384_000, 510_000]

/** The usual values, and the one that is set if it is another. */
const including = (usual: number[], set: number): number[] => (usual.includes(set) ? usual : [...usual, set].sort((a, b) => a - b))

/** Everything about a channel but who may do what in it. */
export function ChannelForm({ channel }: { channel: Channel }): JSX.Element {
  const { api } = useClient()
  const words = useWords()
  const language = useContext(LanguageContext)
  const save = (fields: FormData): Promise<unknown> => {
    const own = channel.type === 'voice'
      ? { user_limit: numberOf(fields, 'user_limit'), bitrate: numberOf(fields, 'bitrate') }
      : { topic: textOf(fields, 'topic') || null, slow_mode: numberOf(fields, 'slow_mode') }
    return api.patch(`/channels/${channel.id}`, { name: textOf(fields, 'name'), category_id: textOf(fields, 'category_id') || null, ...own })
  }
  return (
    <Form action={words('shell.save')} saved onSubmit={save}>
      <Field label={words('channel.name')} name="name" required maxLength={100} defaultValue={channel.name} autoComplete="off" />
      {channel.type === 'text' && (
        <label>{words('channel.topic')}<textarea name="topic" rows={3} maxLength={1024} defaultValue={channel.topic ?? ''} /></label>
      )}
      <CategoryChoice category={channel.category_id} />
      {channel.type === 'text' && (
        <Choice label={words('channel.slow')} hint={words('channel.slow.hint')} name="slow_mode" defaultValue={channel.slow_mode}
          options={including(SLOW, channel.slow_mode).map((seconds) => ({ value: seconds, label: seconds ? span(language, seconds) : words('channel.slow.off') }))} />
      )}
      {channel.type === 'voice' && (
        <div className="pair">
          <Field label={words('channel.limit')} hint={words('channel.limit.hint')} name="user_limit" type="number" min={0} max={10_000} required defaultValue={channel.user_limit} />
          <Choice label={words('channel.bitrate')} hint={words('channel.bitrate.hint')} name="bitrate" defaultValue={channel.bitrate}
            options={including(BITRATES, channel.bitrate).map((bits) => ({ value: bits, label: `${bits / 1000} kbit/s` }))} />
        </div>
      )}
    </Form>
  )
}

/** A new category, or another name for one. */
export function CategoryDialog({ category, onClose }: { category: Category | null; onClose: () => void }): JSX.Element {
  const { api } = useClient()
  const words = useWords()
  return (
    <Modal title={words(category ? 'category.rename' : 'category.create')} onClose={onClose}>
      <Form action={words(category ? 'shell.save' : 'category.create.button')} onCancel={onClose} onSubmit={async (fields) => {
        const name = textOf(fields, 'name')
        await (category ? api.patch(`/categories/${category.id}`, { name }) : api.post('/categories', { name }))
        onClose()
      }}>
        <Field label={words('category.name')} name="name" required maxLength={100} defaultValue={category?.name} autoFocus autoComplete="off" />
      </Form>
    </Modal>
  )
}
