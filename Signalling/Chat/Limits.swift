// The bounds of chat, each with its reason.

enum Limit {
  /// Characters of a message, after white space around it is taken off (as Discord allows at most).
  static let contentCharacters = 4_000
  /// Characters of a nonce (as Discord's).
  static let nonceCharacters = 25
  /// How long a nonce is known, in milliseconds: longer than any client goes on retrying.
  static let nonceMilliseconds: Int64 = 60 * 60 * 1_000
  /// Attachments of one message.
  static let attachments = 10
  /// Messages of one page.
  static let page = 100
  /// Messages that one request deletes.
  static let bulkDeletion = 100
  /// Users whom one message notifies by name; the text may name more.
  static let mentionedUsers = 100
  /// Roles that one message notifies.
  static let mentionedRoles = 20
  /// Characters of the answered message that are shown with the answer.
  static let replyCharacters = 200
  /// Different emojis under one message (as Discord's).
  static let reactions = 20
  /// Bytes of an emoji: the longest sequences of Unicode have 35.
  static let emojiBytes = 64
  /// Pinned messages of one channel (as Discord's).
  static let pins = 50
  /// People of a group, its maker included (as Discord's).
  static let participants = 10
  /// Characters of a group's name.
  static let groupName = 100
  /// What is new in a channel is counted up to here; a client writes 99+.
  static let counted: Int64 = 100
  /// Users whom one member blocks.
  static let blocks = 1_000
  /// Characters of a search.
  static let searchCharacters = 512
  /// Words and filters of a search, each of which is looked up in the index.
  static let searchTerms = 16
  /// Messages of one page of results.
  static let searchPage = 50
  /// Channels that a search names to the index one by one; with more it leaves the choice to the rows.
  static let searchChannels = 128
  /// Letters before the `*` of a search for beginnings: the index has beginnings of three at hand.
  static let prefixLetters = 3
  /// Bytes of a word that the index tells apart; the rest of longer ones does not matter.
  static let wordBytes = 64
  /// Characters around the first hit that a result shows.
  static let snippetCharacters = 160
  /// Links of one message that are looked up for previews.
  static let previews = 5
  /// Bytes of a link that is looked up.
  static let linkBytes = 2_000
  /// Messages that are brought into the index of words in one go: a few milliseconds on the writer.
  static let indexedAtOnce = 1_000
  /// Messages that one turn of the upkeep removes: some milliseconds on the writer.
  static let removedPerTurn = 500
}
