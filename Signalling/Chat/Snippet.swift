// The part of a message that a search found, with the places of what was searched for.

import JSON

struct Snippet: Hashable {
  var text: String
  /// Hits within `text`, in UTF-16 code units, as browsers count.
  var highlights: [Range<Int>]

  /// The surroundings of the first hit; the beginning where only filters were asked for.
  init(_ content: String, _ terms: [SearchQuery.Term]) {
    let words = SearchFolding.located(content)
    let hits = Self.hits(words, terms)
    let units = Array(content.utf16)
    let window = Self.window(around: hits.first, units)
    text = String(decoding: units[window], as: UTF16.self)
    highlights = hits.filter { window.lowerBound <= $0.lowerBound && $0.upperBound <= window.upperBound }
      .map { $0.lowerBound - window.lowerBound..<$0.upperBound - window.lowerBound }
  }

  private static func hits(_ words: [SearchFolding.Word], _ terms: [SearchQuery.Term]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var position = 0
    while position < words.count {
      if let length = terms.lazy.compactMap({ matched($0, at: position, words) }).max() {
        result.append(words[position].range.lowerBound..<words[position + length - 1].range.upperBound)
        position += length
      } else {
        position += 1
      }
    }
    return result
  }

  /// How many words of the text the term takes at `position`, if it stands there.
  private static func matched(
    _ term: SearchQuery.Term, at position: Int, _ words: [SearchFolding.Word]
  ) -> Int? {
    let count = term.words.count
    guard count > 0, position + count <= words.count else { return nil }
    for (index, word) in term.words.enumerated() {
      let found = words[position + index].folded
      let isOpen = term.isPrefix && index == count - 1
      guard isOpen ? found.utf8.starts(with: word.utf8) : found == word else { return nil }
    }
    return count
  }

  /// Some code units around the hit, beginning and ending between characters.
  private static func window(around hit: Range<Int>?, _ units: [UInt16]) -> Range<Int> {
    guard units.count > Limit.snippetCharacters else { return 0..<units.count }
    let middle = hit.map { ($0.lowerBound + min($0.upperBound, $0.lowerBound + Limit.snippetCharacters)) / 2 } ?? 0
    var start = max(0, min(middle - Limit.snippetCharacters / 2, units.count - Limit.snippetCharacters))
    var end = start + Limit.snippetCharacters
    if UTF16.isTrailSurrogate(units[start]) { start += 1 }
    if end < units.count, UTF16.isTrailSurrogate(units[end]) { end -= 1 }
    return start..<max(start, end)
  }

  var json: JSONValue {
    [
      "text": .string(text),
      "highlights": .array(highlights.map { [.integer(Int64($0.lowerBound)), .integer(Int64($0.count))] }),
    ]
  }
}
