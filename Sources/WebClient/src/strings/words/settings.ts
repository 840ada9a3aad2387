// Words of settings: the own account, and the server.

export const tr = {
  'settings.logout': 'Çıkış yap',
  'settings.user': 'Kullanıcı ayarları',
  'settings.server': 'Sunucu ayarları',
}

export const en: Record<keyof typeof tr, string> = {
  'settings.logout': 'Sign out',
  'settings.user': 'User settings',
  'settings.server': 'Server settings',
}
