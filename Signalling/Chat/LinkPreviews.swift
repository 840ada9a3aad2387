// Previews of links: looked up after a message is there, beside the request that sent it, and only where the operator
// wants it: the server asks other servers, which then know that somebody wrote of them.

public import API
import Access
public import Identifiers
import JSON
import Problems

extension Chat {
  /// The steps that look up the previews of a message's links and show them. It ends with an empty reply that nobody
  /// reads; a message that is gone or changed, and a page that cannot be had, are no failure.
  public static func previews(of message: Identifier) -> Step {
    .read { reading throws(Problem) in
      guard let found = try? Messages.find(message, reading.tables), let content = found.content else { return .done }
      let links = LinkPreviews.links(content)
      return LinkPreviews.next(links[...], [], of: message, content)
    }
  }
}

enum LinkPreviews {
  /// The first different links of a text.
  static func links(_ content: String) -> [String] {
    var result: [String] = []
    for link in MentionTokens(content).links where !result.contains(link) && link.utf8.count <= Limit.linkBytes {
      result.append(link)
      if result.count == Limit.previews { break }
    }
    return result
  }

  /// Asks for the links one after another, then stores what came.
  static func next(
    _ links: ArraySlice<String>, _ embeds: [JSONValue], of message: Identifier, _ content: String
  ) -> Step {
    guard let link = links.first else {
      guard !embeds.isEmpty else { return .done }
      return .write { writing throws(Problem) in
        try store(embeds, in: message, if: content, &writing)
        return .done
      }
    }
    let request = OutsideRequest(
      method: "GET", url: link, headers: ["Accept: text/html", "User-Agent: mqvi (link preview)"],
      limit: PagePreview.Limit.headBytes)
    return .work(.fetch(request)) { result throws(Problem) in
      var embeds = embeds
      if case .fetched(let status, let type, let body) = result, (200..<300).contains(status),
        type.lowercased().hasPrefix("text/html"), let page = PagePreview(html: body)
      {
        embeds.append(embed(page, link))
      }
      return next(links.dropFirst(), embeds, of: message, content)
    }
  }

  private static func embed(_ page: PagePreview, _ link: String) -> JSONValue {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    return [
      "url": .string(link), "title": text(page.title), "description": text(page.summary),
      "site_name": text(page.siteName), "image_url": text(page.picture.flatMap { absolute($0, on: link) }),
    ]
  }

  /// The address of a picture that a page names: whole, without the scheme, or as a path on the page's server.
  static func absolute(_ picture: String, on link: String) -> String? {
    if picture.hasPrefix("https://") || picture.hasPrefix("http://") { return picture }
    guard picture.hasPrefix("/"), let scheme = link.firstRange(of: "://") else { return nil }
    if picture.hasPrefix("//") { return "\(link[..<scheme.lowerBound]):\(picture)" }
    let host = link[scheme.upperBound...].prefix { !"/?#".contains($0) }
    return "\(link[..<scheme.upperBound])\(host)\(picture)"
  }

  /// Shows the previews, if the message still says what they were looked up for.
  private static func store(
    _ embeds: [JSONValue], in id: Identifier, if content: String, _ writing: inout Writing
  ) throws(Problem) {
    guard let old = try? Messages.find(id, writing.tables), old.content == content else { return }
    var message = old
    message.embeds = JSONValue.array(embeds).description
    message.flags.insert(.embeds)
    try Messages.update(message, from: old, writing.tables)
    try Editing.announce(message, &writing)
  }
}
