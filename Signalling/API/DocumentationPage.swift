// `/api/docs`: the route table as a page that needs no script and nothing from elsewhere.

import JSON
import Problems

public enum DocumentationPage {
  /// The page. Its style is at `/api/docs.css`, so that the strict content security policy holds here too.
  public static func html(_ routes: [Route], _ components: Components, version: String) -> String {
    var page = """
      <!doctype html><html lang="en"><head><meta charset="utf-8"><title>mqvi API \(version)</title>
      <meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/api/docs.css">
      </head><body><header><h1>mqvi API</h1><p>Version \(version) · <a href="/api/openapi.json">OpenAPI 3.1</a></p>
      <p>Send <code>Authorization: Bearer &lt;access token&gt;</code>, or <code>Bot &lt;token&gt;</code>. Every answer has
      <code>success</code>; errors have <code>error</code> and <code>code</code>.</p></header><nav><ul>
      """
    var tags: [String] = []
    for route in routes where !tags.contains(route.tag) { tags.append(route.tag) }
    for tag in tags { page += "<li><a href=\"#\(escaped(tag))\">\(escaped(tag))</a></li>" }
    page += "</ul></nav><main>"
    for tag in tags {
      page += "<section id=\"\(escaped(tag))\"><h2>\(escaped(tag))</h2>"
      for route in routes where route.tag == tag { page += entry(route) }
      page += "</section>"
    }
    page += "<section id=\"shapes\"><h2>Objects</h2>"
    for component in components {
      page += "<h3 id=\"\(escaped(component.name))\">\(escaped(component.name))</h3>\(table(component.shape))"
    }
    return page + "</section></main></body></html>"
  }

  public static let css = """
    :root { color-scheme: light dark; --line: #8884; --soft: #8882; }
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
    nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; }
    details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem; }
    summary { cursor: pointer; overflow-wrap: anywhere; }
    summary b { display: inline-block; min-width: 4.5rem; }
    code { background: var(--soft); border-radius: 3px; padding: 0 .25em; }
    table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
    td, th { border-bottom: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; }
    """

  private static func entry(_ route: Route) -> String {
    var text = """
      <details id="\(escaped(route.name))"><summary><b>\(route.method.rawValue)</b><code>/api\(escaped(route.path))</code>
      \(escaped(route.summary))</summary><p>\(escaped(route.access.words))\
      \(route.scope.map { " Bots need the scope <code>\(escaped($0))</code>." } ?? "")</p>
      """
    if !route.query.isEmpty {
      text += "<h4>Query</h4>" + rows(route.query.map { ($0.name, $0.schema.words, $0.note, false) })
    }
    switch route.body {
    case .none: break
    case .json(let shape), .optionalJSON(let shape): text += "<h4>Body</h4>" + table(shape)
    case .file(let limit): text += "<h4>Body</h4><p>A file of at most \(limit) bytes.</p>"
    }
    if !route.answer.isEmpty { text += "<h4>Answer \(route.status)</h4>" + table(.object(route.answer)) }
    let codes = OpenAPI.problems(route).map { "<code>\($0.rawValue)</code>" }.joined(separator: " ")
    return text + "<p>Errors: \(codes)</p></details>"
  }

  private static func table(_ shape: Shape) -> String {
    guard case .object(let fields) = shape else { return "<p>\(shape.words)</p>" }
    return rows(fields.map { ($0.name, $0.schema.words, $0.note, $0.isRequired) })
  }

  private static func rows(_ rows: [(name: String, type: String, note: String, isRequired: Bool)]) -> String {
    let body = rows.map { row in
      "<tr><td><code>\(escaped(row.name))</code>\(row.isRequired ? "" : "?")</td><td>\(row.type)</td>"
        + "<td>\(escaped(row.note))</td></tr>"
    }
    return "<table>\(body.joined())</table>"
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }
}

extension Shape {
  /// The shape in a few words of HTML.
  fileprivate var words: String {
    switch self {
    case .any: "anything"
    case .boolean: "true or false"
    case .integer(let range): "number, \(range.lowerBound) to \(range.upperBound)"
    case .string(let lengths): "text, \(lengths.lowerBound) to \(lengths.upperBound) characters"
    case .identifier: "id"
    case .time: "time"
    case .choice(let words): words.map { "<code>\(DocumentationPage.escaped($0))</code>" }.joined(separator: ", ")
    case .array(let element, let counts): "list of at most \(counts.upperBound): \(element.words)"
    case .nullable(let shape): "\(shape.words), or null"
    case .reference(let name): "<a href=\"#\(DocumentationPage.escaped(name))\">\(DocumentationPage.escaped(name))</a>"
    case .object(let fields):
      "object: " + fields.map { "\(DocumentationPage.escaped($0.name))" }.joined(separator: ", ")
    }
  }
}
