// Removing, banning, silencing a member for a while: with a reason that the audit log keeps.

import { useContext } from 'react'
import { nameOf } from '../../../model/community/state'
import type { User } from '../../../model/community/types'
import { Modal } from '../../parts/Modal'
import { LanguageContext, useWords } from '../../useStore'
import { useClient } from '../context'
import { span } from './format'
import { Choice, Field, Form, numberOf, textOf } from './form'

export type Act = 'kick' | 'ban' | 'timeout'

const TIMEOUTS = [60, 300, 600, 3_600, 86_400, 604_800, 2_419_200]
const REMOVALS = [3_600, 86_400, 604_800]

export function Moderate({ member, act, onClose }: { member: User; act: Act; onClose: () => void }): JSX.Element {
  const { api } = useClient()
  const words = useWords()
  const language = useContext(LanguageContext)
  const submit = async (fields: FormData): Promise<void> => {
    const body = act === 'timeout' ? { seconds: numberOf(fields, 'seconds') }
      : act === 'ban' ? { delete_message_seconds: numberOf(fields, 'delete_message_seconds') } : undefined
    await api.request('POST', `/users/${member.id}/${act}`, body, textOf(fields, 'reason'))
    onClose()
  }
  return (
    <Modal title={words(`moderate.${act}.title`, { name: nameOf(member) })} onClose={onClose}>
      <Form action={words(`moderate.${act}`)} isDangerous onSubmit={submit} onCancel={onClose}>
        <p>{words(`moderate.${act}.text`)}</p>
        {act === 'timeout' && (
          <Choice label={words('moderate.length')} name="seconds" defaultValue={600}
            options={TIMEOUTS.map((seconds) => ({ value: seconds, label: span(language, seconds) }))} />
        )}
        {act === 'ban' && (
          <Choice label={words('moderate.messages')} name="delete_message_seconds" defaultValue={0} options={[
            { value: 0, label: words('moderate.messages.none') },
            ...REMOVALS.map((seconds) => ({ value: seconds, label: words('moderate.messages.last', { span: span(language, seconds) }) })),
          ]} />
        )}
        <Field label={words('moderate.reason')} name="reason" maxLength={400} autoComplete="off" />
      </Form>
    </Modal>
  )
}
