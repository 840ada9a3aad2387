// Words of voice channels and screen share.

export const tr = {
  'voice.connected': 'Ses bağlandı',
  'voice.connecting': 'Ses bağlanıyor…',
  'voice.reconnecting': 'Ses yeniden bağlanıyor…',
  'voice.disconnect': 'Sesten ayrıl',
  'voice.panel': 'Ses bağlantısı',
  'voice.share': 'Ekranını paylaş',
  'voice.deafen': 'Sağırlaştır',
  'voice.undeafen': 'Sağırlaştırmayı kaldır',
  'voice.muted': 'Mikrofonu kapalı',
  'voice.serverMuted': 'Bir yetkili susturdu',
  'voice.deafened': 'Duymuyor',
  'voice.live': 'YAYINDA',
  'voice.here': '{count} kişi burada',
  'voice.nobody': 'Henüz kimse yok.',
  'voice.join': 'Sese katıl',
  'voice.latency': '{milliseconds} ms',
}

export const en: Record<keyof typeof tr, string> = {
  'voice.connected': 'Voice connected',
  'voice.connecting': 'Connecting voice…',
  'voice.reconnecting': 'Reconnecting voice…',
  'voice.disconnect': 'Leave voice',
  'voice.panel': 'Voice connection',
  'voice.share': 'Share your screen',
  'voice.deafen': 'Deafen',
  'voice.undeafen': 'Undeafen',
  'voice.muted': 'Microphone off',
  'voice.serverMuted': 'Muted by a moderator',
  'voice.deafened': 'Cannot hear',
  'voice.live': 'LIVE',
  'voice.here': '{count} here',
  'voice.nobody': 'Nobody here yet.',
  'voice.join': 'Join voice',
  'voice.latency': '{milliseconds} ms',
}
