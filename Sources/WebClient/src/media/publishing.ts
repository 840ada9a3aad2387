// How each kind of track is sent: codec, simulcast layers, bitrates, and what to give up first when the line is thin.

import type { AddTrack, TrackSource, VideoLayer } from '../model/signal'

export interface VideoPreset {
  width: number
  height: number
  framesPerSecond: number
  /** Bits per second of the highest layer. */
  bitrate: number
}

export const presets = {
  camera: { width: 1280, height: 720, framesPerSecond: 30, bitrate: 1_500_000 },
  screen: { width: 1920, height: 1080, framesPerSecond: 30, bitrate: 3_000_000 },
} as const

/** The three simulcast layers of a preset, lowest first: a quarter, a half and all of the width. */
export function simulcastEncodings(preset: VideoPreset): RTCRtpEncodingParameters[] {
  return [
    { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: Math.round(preset.bitrate / 12), maxFramerate: preset.framesPerSecond },
    { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: Math.round(preset.bitrate / 3.3), maxFramerate: preset.framesPerSecond },
    { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: preset.bitrate, maxFramerate: preset.framesPerSecond },
  ]
}

/** The layers as the server announces them to the others. */
export function announcedLayers(preset: VideoPreset, width: number, height: number): VideoLayer[] {
  const qualities = ['LOW', 'MEDIUM', 'HIGH'] as const
  return simulcastEncodings(preset).map((encoding, index) => ({
    quality: qualities[index]!,
    width: Math.round(width / (encoding.scaleResolutionDownBy ?? 1)),
    height: Math.round(height / (encoding.scaleResolutionDownBy ?? 1)),
    bitrate: encoding.maxBitrate ?? 0,
  }))
}

/** What the server is told of a track before any of its media flows. */
export function announcement(track: MediaStreamTrack, source: TrackSource, muted: boolean): AddTrack {
  const cid = track.id
  if (track.kind === 'audio') {
    const isShare = source === 'SCREEN_SHARE_AUDIO'
    return {
      cid, source, type: 'AUDIO', name: source.toLowerCase(), muted, stream: isShare ? 'screen' : 'camera',
      disableRed: isShare, audioFeatures: isShare ? ['TF_STEREO', 'TF_NO_DTX'] : [],
    }
  }
  const preset = source === 'SCREEN_SHARE' ? presets.screen : presets.camera
  const { width = preset.width, height = preset.height } = track.getSettings()
  return {
    cid, source, type: 'VIDEO', name: source.toLowerCase(), muted, width, height,
    stream: source === 'SCREEN_SHARE' ? 'screen' : 'camera',
    layers: announcedLayers(preset, width, height),
    simulcastCodecs: [{ codec: 'vp8', cid }],
  }
}

/** A shared screen is read, a face is watched: the first keeps its pixels, the second its motion. */
export function sendOptions(track: MediaStreamTrack, source: TrackSource): RTCRtpTransceiverInit {
  if (track.kind === 'audio') {
    const bitrate = source === 'SCREEN_SHARE_AUDIO' ? 128_000 : 48_000
    return { direction: 'sendonly', sendEncodings: [{ maxBitrate: bitrate }] }
  }
  const isShare = source === 'SCREEN_SHARE'
  track.contentHint = isShare ? 'detail' : 'motion'
  return { direction: 'sendonly', sendEncodings: simulcastEncodings(isShare ? presets.screen : presets.camera) }
}

/** VP8 first: it is the one codec whose three screen layers every tested browser really sends at 30 frames a second. */
export function preferVP8(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs
  if (!codecs || typeof transceiver.setCodecPreferences !== 'function') return
  const isFirst = (codec: RTCRtpCodecCapability): boolean => codec.mimeType.toLowerCase() === 'video/vp8'
  transceiver.setCodecPreferences([...codecs.filter(isFirst), ...codecs.filter((codec) => !isFirst(codec))])
}
