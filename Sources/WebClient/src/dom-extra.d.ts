// What browsers have and the DOM types of TypeScript 4.8 do not know yet.

interface RTCRtpEncodingParameters {
  scalabilityMode?: string
  maxFramerate?: number
}

interface RTCRtpSendParameters {
  degradationPreference?: 'balanced' | 'maintain-framerate' | 'maintain-resolution'
}

interface MediaTrackConstraints {
  suppressLocalAudioPlayback?: boolean
}

interface DisplayMediaStreamConstraints {
  selfBrowserSurface?: 'include' | 'exclude'
  surfaceSwitching?: 'include' | 'exclude'
  systemAudio?: 'include' | 'exclude'
  preferCurrentTab?: boolean
}

interface HTMLMediaElement {
  setSinkId?(sinkId: string): Promise<void>
}

interface RTCRtpReceiver {
  jitterBufferTarget?: number | null
}
