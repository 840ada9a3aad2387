// Fuzz entries of chat: what members write, and what they type into the search.

import Chat
import FuzzSupport

extension FuzzEntry {
  /// Every parser of chat. A new entry is added here, in Package.swift and as folders in Tests/Fuzz.
  public static let chat: [FuzzEntry] = [.messageText, .searchQuery, .pagePreview]

  /// Whom a message names, what it links to, and its words for the index.
  public static let messageText = FuzzEntry(
    name: "MessageText",
    seeds: [
      "mentions": Array("<@0123456789abcdef> <@&0123456789abcde0> @everyone, (@here)".utf8),
      "code": Array("`<@0123456789abcdef>` ```\n@everyone\n``` ``a`b`` `@here".utf8),
      "links": Array("https://example.com/a?b=c#d, <http://a.b> HTTPS://x.y).".utf8),
      "turkish": Array("IĞDIR ığdır İyi şekerli e\u{301}té 東京 x² 👍🏽".utf8),
    ]
  ) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    let tokens = MentionTokens(text)
    require(Set(tokens.users).count == tokens.users.count, "a user twice")
    require(Set(tokens.roles).count == tokens.roles.count, "a role twice")
    for link in tokens.links { require(link.lowercased().hasPrefix("http"), "a link without a scheme") }
    let words = SearchFolding.words(text)
    for word in words {
      require(!word.isEmpty && word.utf8.count <= 64, "a word of a wrong length")
      require(!word.utf8.contains { $0 <= 0x2f }, "a word with a separator in it")
    }
    require(SearchFolding.words(words.joined(separator: " ")) == words, "folding twice is not folding once")
  }

  /// The words of a query go into the language of the index: none may leave its quotes.
  public static let searchQuery = FuzzEntry(
    name: "SearchQuery",
    seeds: [
      "words": Array(#"gel "tam söz" kit* -yok -"iki kelime""#.utf8),
      "filters": Array(#"from:ayşe in:"genel sohbet" has:image pinned:true mentions:me during:2026-01-31"#.utf8),
      "operators": Array(#"a OR NEAR(b c) ^d + {text tags} : "e" * NOT"#.utf8),
    ]
  ) { bytes in
    guard let query = try? SearchQuery(String(decoding: bytes, as: UTF8.self)) else { return }
    require(query.terms.count + query.excluded.count <= 16, "more than is allowed")
    for term in query.terms + query.excluded {
      require(!term.words.isEmpty, "a term without words")
      for word in term.words { require(!word.isEmpty && !word.utf8.contains { $0 <= 0x2f }, "a word with a separator") }
    }
  }
}

extension FuzzEntry {
  /// The head of a page of somebody else's server.
  public static let pagePreview = FuzzEntry(
    name: "PagePreview",
    seeds: [
      "head": Array("<head><title>a &amp; b</title><meta property='og:title' content=\"c &#305;\"></head>".utf8),
      "broken": Array("<!-- <meta name=description content=x <title>a</title <script>< </script><meta content=".utf8),
    ]
  ) { bytes in
    guard let page = PagePreview(html: bytes) else { return }
    require(page.title != nil || page.summary != nil, "a preview of nothing")
    require((page.title?.unicodeScalars.count ?? 0) <= 256, "a title that is too long")
    require((page.summary?.unicodeScalars.count ?? 0) <= 512, "a description that is too long")
    for text in [page.title, page.summary, page.picture, page.siteName] {
      require(text?.unicodeScalars.contains { $0.value < 0x20 } != true, "a control character")
    }
  }
}
