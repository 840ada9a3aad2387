// What the API and the gateway say, as types (Sources/Documentation/protocol.md). Ids are opaque and sort by time.

export type Id = string

export type PresenceStatus = 'online' | 'idle' | 'dnd' | 'offline'

export interface User {
  id: Id
  username: string
  display_name: string | null
  avatar_url: string | null
  bot: boolean
  status: PresenceStatus
  custom_status: string | null
  created_at: string
  last_seen_at: string | null
  roles: Id[]
  timed_out_until: string | null
  /** Only of the own account. */
  email?: string | null
  two_factor_enabled?: boolean
  must_change_password?: boolean
}

export interface Server {
  id: Id
  name: string
  icon_url: string | null
  created_at: string
}

export interface Category {
  id: Id
  name: string
  position: number
}

export interface Role {
  id: Id
  name: string
  color: string
  position: number
  permissions: number
  hoist: boolean
  mentionable: boolean
  is_default: boolean
  is_owner: boolean
}

export type ChannelType = 'text' | 'voice' | 'dm' | 'group'

export interface ChannelOverride {
  target_type: 'role' | 'member'
  target_id: Id
  allow: number
  deny: number
}

export interface Channel {
  id: Id
  name: string
  type: ChannelType
  category_id: Id | null
  topic: string | null
  position: number
  user_limit: number
  bitrate: number
  slow_mode: number
  last_message_id: Id | null
  /** What the reader of this answer may do here. */
  permissions?: number
  overrides: ChannelOverride[]
  participants?: Id[]
}

export interface Author {
  id: Id
  username: string
  display_name: string | null
  avatar_url: string | null
  bot: boolean
}

export interface Attachment {
  id: Id
  filename: string
  url: string
  size: number
  mime_type: string
  width: number | null
  height: number | null
  thumbnail_url: string | null
}

export interface Reaction {
  emoji: string
  count: number
  me: boolean
}

export interface Message {
  id: Id
  channel_id: Id
  user_id: Id
  author: Author
  content: string
  edited_at: string | null
  created_at: string
  reply_to: { id: Id; user_id: Id; content: string } | null
  attachments: Attachment[]
  reactions: Reaction[]
  mentions: { users: Id[]; roles: Id[]; everyone: boolean }
  pinned: boolean
  nonce?: string | null
  webhook?: { id: Id; name: string } | null
  type: 'default' | 'system'
}

export interface ReadState {
  channel_id: Id
  last_read_message_id: Id | null
  mention_count: number
}

export interface VoiceState {
  user_id: Id
  channel_id: Id | null
  muted: boolean
  deafened: boolean
  server_muted: boolean
  server_deafened: boolean
  streaming: boolean
  camera: boolean
  joined_at: string | null
}

/** The first thing that the gateway says. */
export interface Ready {
  session_id: string
  heartbeat_interval: number
  user: User
  server: Server
  channels: Channel[]
  categories: Category[]
  members: User[]
  roles: Role[]
  read_states?: ReadState[]
  voice_states: VoiceState[]
  /** Of members who are there. */
  presences: { user_id: Id; status: PresenceStatus }[]
  member_count: number
}

/** Bits of MQ-111 and those of ours above them. */
export const Permission = {
  manageChannels: 1,
  manageRoles: 2,
  kickMembers: 4,
  banMembers: 8,
  manageMessages: 16,
  sendMessages: 32,
  connectVoice: 64,
  speak: 128,
  stream: 256,
  admin: 512,
  viewChannel: 1024,
  mentionEveryone: 2048,
  createInvite: 4096,
  muteMembers: 8192,
  moveMembers: 16384,
  moderateMembers: 32768,
  manageWebhooks: 65536,
  viewAuditLog: 131072,
  bypassSlowMode: 262144,
} as const

export const allPermissions = (1 << 19) - 1
/** What people may do who talk among themselves. */
export const conversationPermissions = Permission.viewChannel | Permission.sendMessages | Permission.connectVoice | Permission.speak | Permission.stream

export const has = (held: number | undefined, needed: number): boolean => ((held ?? 0) & needed) === needed
