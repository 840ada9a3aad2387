// Settings of the server: what it is called, roles, members, invitations, bans, and what was done.

import type { ReactElement } from 'react'
import { Icon } from '../../icons'
import { useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'
import { AuditLog } from './AuditLog'
import { Bans } from './Bans'
import { Field, Form, textOf } from './form'
import { SettingsFrame } from './Frame'
import { Invites } from './InviteDialog'
import { Members } from './Members'
import { serverPages, type ServerPage } from './pages'
import { Roles } from './Roles'
import { Picture } from './UserSettings'

const bodies: Record<ServerPage, () => ReactElement> = {
  general: () => <General />,
  roles: () => <Roles />,
  members: () => <Members />,
  invites: () => <Invites />,
  bans: () => <Bans />,
  audit: () => <AuditLog />,
}

export function ServerSettings({ page, onClose }: { page?: string | undefined; onClose: () => void }): JSX.Element {
  const state = useCommunity()
  const words = useWords()
  const pages = serverPages(state).map((key) => ({ key, title: words(`server.${key}`), body: bodies[key] }))
  return <SettingsFrame title={state.server.name} pages={pages} first={page} onClose={onClose} />
}

function General(): JSX.Element {
  const { api } = useClient()
  const { server } = useCommunity()
  const words = useWords()
  return (
    <>
      <Picture canRemove={server.icon_url !== null} label={words('server.icon')}
        onFile={(form) => api.request('PUT', '/server/icon', form)} onRemove={() => api.patch('/server', { icon: null })}>
        {server.icon_url
          ? <img className="server-icon" src={server.icon_url} width={80} height={80} alt="" />
          : <span className="server-icon"><Icon name="people" size={36} /></span>}
      </Picture>
      <Form action={words('shell.save')} saved onSubmit={(fields) => api.patch('/server', { name: textOf(fields, 'name') })}>
        <Field label={words('auth.setup.server')} name="name" required maxLength={100} defaultValue={server.name} autoComplete="off" />
      </Form>
    </>
  )
}
