// A list of devices of one kind. Nothing is shown where there is nothing to choose.

import { useWords } from './useStore'

interface Props {
  label: string
  devices: MediaDeviceInfo[]
  value: string
  onChange(deviceId: string): void
}

export function DeviceSelect({ label, devices, value, onChange }: Props): JSX.Element | null {
  const words = useWords()
  if (devices.length === 0) return null
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{words('join.device.default')}</option>
        {devices.filter((device) => device.deviceId !== 'default').map((device, index) => (
          <option key={device.deviceId} value={device.deviceId}>{device.label || `${label} ${index + 1}`}</option>
        ))}
      </select>
    </label>
  )
}
