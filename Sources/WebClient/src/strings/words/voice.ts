// Words of voice channels and screen share.

export const tr = {
  'voice.connected': 'Ses bağlandı',
  'voice.connecting': 'Ses bağlanıyor…',
  'voice.reconnecting': 'Ses yeniden bağlanıyor…',
  'voice.disconnect': 'Sesten ayrıl',
}

export const en: Record<keyof typeof tr, string> = {
  'voice.connected': 'Voice connected',
  'voice.connecting': 'Connecting voice…',
  'voice.reconnecting': 'Reconnecting voice…',
  'voice.disconnect': 'Leave voice',
}
