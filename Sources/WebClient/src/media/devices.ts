// Microphones, cameras and screens: asking the browser for them and saying in words why it refused.

import type { Key } from '../strings/catalogue'
import { presets } from './publishing'

export interface Devices {
  microphones: MediaDeviceInfo[]
  speakers: MediaDeviceInfo[]
  cameras: MediaDeviceInfo[]
}

export const noDevices: Devices = { microphones: [], speakers: [], cameras: [] }

/** Browsers hand out devices only to pages of a secure origin. */
export function canCapture(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === 'function'
}

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function'
}

export async function listDevices(): Promise<Devices> {
  if (!canCapture()) return noDevices
  const all = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.deviceId !== '')
  return {
    microphones: all.filter((device) => device.kind === 'audioinput'),
    speakers: all.filter((device) => device.kind === 'audiooutput'),
    cameras: all.filter((device) => device.kind === 'videoinput'),
  }
}

export async function openMicrophone(deviceId: string): Promise<MediaStreamTrack> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: {
      ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
      echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1,
    },
  })
  return stream.getAudioTracks()[0]!
}

export async function openCamera(deviceId: string): Promise<MediaStreamTrack> {
  const { width, height, framesPerSecond } = presets.camera
  const stream = await navigator.mediaDevices.getUserMedia({
    video: {
      ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
      width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: framesPerSecond },
    },
  })
  return stream.getVideoTracks()[0]!
}

/** A screen with its sound where the browser offers it: untouched by the voice processing. */
export async function openScreen(): Promise<{ video: MediaStreamTrack; audio: MediaStreamTrack | null }> {
  const { width, height, framesPerSecond } = presets.screen
  const options: DisplayMediaStreamConstraints = {
    video: { width: { max: width }, height: { max: height }, frameRate: { ideal: framesPerSecond, max: framesPerSecond } },
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 2, suppressLocalAudioPlayback: false },
    selfBrowserSurface: 'include',
    surfaceSwitching: 'include',
    systemAudio: 'include',
  }
  const stream = await navigator.mediaDevices.getDisplayMedia(options)
  return { video: stream.getVideoTracks()[0]!, audio: stream.getAudioTracks()[0] ?? null }
}

/** Why a device could not be had, as a key of the catalogue. */
export function deviceError(error: unknown, device: 'microphone' | 'camera'): Key {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return `error.${device}.denied`
  if (name === 'NotReadableError' || name === 'AbortError') return `error.${device}.busy`
  return `error.${device}.missing`
}
