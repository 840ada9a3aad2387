// The frames of LiveKit's signalling protocol as JSON: the part that this client uses. Enumerations travel by name,
// 64-bit numbers as strings, and whatever holds its default value is left out.

export type TrackSource = 'UNKNOWN' | 'CAMERA' | 'MICROPHONE' | 'SCREEN_SHARE' | 'SCREEN_SHARE_AUDIO'
export type TrackType = 'AUDIO' | 'VIDEO' | 'DATA'
export type VideoQuality = 'LOW' | 'MEDIUM' | 'HIGH' | 'OFF'
export type ConnectionQuality = 'POOR' | 'GOOD' | 'EXCELLENT' | 'LOST'
export type LeaveAction = 'DISCONNECT' | 'RESUME' | 'RECONNECT'
export type SignalTarget = 'PUBLISHER' | 'SUBSCRIBER'

export interface VideoLayer {
  quality?: VideoQuality
  width?: number
  height?: number
  bitrate?: number
}

export interface TrackInfo {
  sid: string
  type?: TrackType
  name?: string
  muted?: boolean
  width?: number
  height?: number
  source?: TrackSource
  layers?: VideoLayer[]
  mimeType?: string
  stream?: string
}

export interface ParticipantInfo {
  sid: string
  identity: string
  state?: 'JOINING' | 'JOINED' | 'ACTIVE' | 'DISCONNECTED'
  tracks?: TrackInfo[]
  metadata?: string
  attributes?: Record<string, string>
  joinedAtMs?: string
  name?: string
  version?: number
  isPublisher?: boolean
  permission?: { canSubscribe?: boolean; canPublish?: boolean; canPublishData?: boolean; canPublishSources?: TrackSource[] }
}

export interface RoomInfo {
  sid?: string
  name: string
  metadata?: string
  numParticipants?: number
}

export interface SessionDescription {
  type: 'offer' | 'answer'
  sdp: string
  id?: number
}

export interface SpeakerInfo {
  sid: string
  level?: number
  active?: boolean
}

export interface JoinResponse {
  room: RoomInfo
  participant: ParticipantInfo
  otherParticipants?: ParticipantInfo[]
  iceServers?: { urls?: string[]; username?: string; credential?: string }[]
  subscriberPrimary?: boolean
  pingTimeout: number
  pingInterval: number
}

export interface Leave {
  reason?: string
  action?: LeaveAction
}

export interface SubscribedCodec {
  codec?: string
  qualities?: { quality?: VideoQuality; enabled?: boolean }[]
}

/** Server to client: exactly one member is set. */
export interface SignalResponse {
  join?: JoinResponse
  reconnect?: { iceServers?: JoinResponse['iceServers'] }
  answer?: SessionDescription
  offer?: SessionDescription
  trickle?: { candidateInit: string; target?: SignalTarget; final?: boolean }
  update?: { participants?: ParticipantInfo[] }
  trackPublished?: { cid: string; track: TrackInfo }
  trackUnpublished?: { trackSid: string }
  leave?: Leave
  mute?: { sid: string; muted?: boolean }
  speakersChanged?: { speakers?: SpeakerInfo[] }
  roomUpdate?: { room?: RoomInfo }
  connectionQuality?: { updates?: { participantSid: string; quality?: ConnectionQuality; score?: number }[] }
  streamStateUpdate?: { streamStates?: { participantSid: string; trackSid: string; state?: 'ACTIVE' | 'PAUSED' }[] }
  subscribedQualityUpdate?: { trackSid: string; subscribedCodecs?: SubscribedCodec[]; subscribedQualities?: SubscribedCodec['qualities'] }
  refreshToken?: string
  pongResp?: { lastPingTimestamp?: string; timestamp?: string }
  requestResponse?: { requestId?: number; reason?: string; message?: string }
}

export interface AddTrack {
  cid: string
  name?: string
  type: TrackType
  source: TrackSource
  width?: number
  height?: number
  muted?: boolean
  layers?: VideoLayer[]
  simulcastCodecs?: { codec: string; cid: string }[]
  stream?: string
  disableRed?: boolean
  audioFeatures?: string[]
}

/** Client to server: exactly one member is set. */
export interface SignalRequest {
  offer?: SessionDescription
  answer?: SessionDescription
  trickle?: { candidateInit: string; target: SignalTarget }
  addTrack?: AddTrack
  mute?: { sid: string; muted: boolean }
  subscription?: { trackSids: string[]; subscribe: boolean }
  trackSetting?: { trackSids: string[]; disabled?: boolean; quality?: VideoQuality; width?: number; height?: number }
  leave?: { reason?: string; action?: LeaveAction }
  syncState?: {
    answer?: SessionDescription
    offer?: SessionDescription
    subscription?: { trackSids: string[]; subscribe: boolean }
    publishTracks?: { cid: string; track: TrackInfo }[]
    trackSidsDisabled?: string[]
  }
  simulate?: Record<string, unknown>
  pingReq?: { timestamp: string; rtt: string }
  updateMetadata?: { metadata?: string; name?: string; attributes?: Record<string, string>; requestId?: number }
}
