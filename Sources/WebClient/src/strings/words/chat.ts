// Words of messages.

export const tr = {
  'chat.placeholder': '#{channel} kanalına yazın',
  'chat.placeholder.conversation': '{name} kişisine yazın',
  'chat.readonly': 'Bu kanalda yazma izniniz yok.',
  'chat.send': 'Gönder',
  'chat.edited': '(düzenlendi)',
  'chat.beginning': '#{channel} kanalının başı',
  'chat.failed': 'Gönderilemedi.',
  'chat.retry': 'Yeniden dene',
  'chat.discard': 'Vazgeç',
  'chat.typing.one': '{a} yazıyor…',
  'chat.typing.two': '{a} ve {b} yazıyor…',
  'chat.typing.many': 'Birkaç kişi yazıyor…',
  'chat.today': 'bugün {time}',
  'chat.yesterday': 'dün {time}',
  'chat.deleted': 'silinmiş mesaj',
}

export const en: Record<keyof typeof tr, string> = {
  'chat.placeholder': 'Message #{channel}',
  'chat.placeholder.conversation': 'Message {name}',
  'chat.readonly': 'You are not allowed to write in this channel.',
  'chat.send': 'Send',
  'chat.edited': '(edited)',
  'chat.beginning': 'The beginning of #{channel}',
  'chat.failed': 'Not sent.',
  'chat.retry': 'Try again',
  'chat.discard': 'Discard',
  'chat.typing.one': '{a} is typing…',
  'chat.typing.two': '{a} and {b} are typing…',
  'chat.typing.many': 'Several people are typing…',
  'chat.today': 'today {time}',
  'chat.yesterday': 'yesterday {time}',
  'chat.deleted': 'deleted message',
}
