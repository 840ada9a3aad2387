// The bar at the bottom: microphone, camera, screen, devices, people, leave.

import { Icon, type IconName } from './icons'
import { useWords } from './useStore'

interface Props {
  microphone: 'on' | 'muted' | 'none'
  camera: boolean
  share: boolean
  people: number
  onMicrophone(): void
  onCamera(): void
  onShare(): void
  onPeople(): void
  onSettings(): void
  onLeave(): void
}

export function ControlBar(props: Props): JSX.Element {
  const words = useWords()
  const { microphone, camera, share } = props
  return (
    <nav className="bar" aria-label={words('control.settings')}>
      <BarButton id="microphone" icon={microphone === 'on' ? 'microphone' : 'microphoneOff'} off={microphone !== 'on'}
        pressed={microphone === 'on'} disabled={microphone === 'none'}
        label={words(microphone === 'none' ? 'room.listenonly' : microphone === 'on' ? 'control.mute' : 'control.unmute')}
        onClick={props.onMicrophone} />
      <BarButton id="camera" icon={camera ? 'camera' : 'cameraOff'} active={camera} pressed={camera}
        label={words(camera ? 'control.camera.off' : 'control.camera.on')} onClick={props.onCamera} />
      <BarButton id="share" icon={share ? 'screenOff' : 'screen'} active={share} pressed={share}
        label={words(share ? 'control.share.off' : 'control.share.on')} onClick={props.onShare} />
      <BarButton id="people" icon="people" narrow label={`${words('control.people')} (${props.people})`} onClick={props.onPeople} />
      <BarButton id="devices" icon="settings" label={words('control.settings')} onClick={props.onSettings} />
      <BarButton id="leave" icon="leave" danger label={words('control.leave')} onClick={props.onLeave} />
    </nav>
  )
}

interface ButtonProps {
  id: string
  icon: IconName
  label: string
  off?: boolean
  active?: boolean
  danger?: boolean
  narrow?: boolean
  pressed?: boolean
  disabled?: boolean
  onClick(): void
}

function BarButton({ id, icon, label, off, active, danger, narrow, pressed, disabled, onClick }: ButtonProps): JSX.Element {
  const kinds = ['bar-button', off && 'off', active && 'active', danger && 'danger', narrow && 'narrow-only'].filter(Boolean)
  return (
    <button id={id} className={kinds.join(' ')} title={label} aria-label={label} aria-pressed={pressed} disabled={disabled}
      onClick={onClick}><Icon name={icon} /></button>
  )
}
