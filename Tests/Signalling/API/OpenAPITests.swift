// The document says what the routes say.

import API
import Access
import Chronology
import JSON
import Problems
import Testing

private let route = Route(
  .post, "/things/{thing_id}", "createThing", "Makes <one>.", tag: "Things", access: .server(.manageChannels),
  scope: "things", query: [QueryParameter("limit", .integer(1...100), "At most so many.")],
  body: .json(.object([.init("name", .string(1...10), "What to call it."), .optional("at", .nullable(.time))])),
  answer: [.init("thing", .reference("Thing"))], status: 201, problems: [.conflict]
) { _ throws(Problem) in .done }

@Suite struct OpenAPITests {
  private let document = OpenAPI.document(
    [route], [("Thing", .object([.init("id", .identifier)]))], version: "1")
  private var operation: JSONValue? { document["paths"]?["/api/things/{thing_id}"]?["post"] }

  @Test func `a body is described as it is checked`() {
    let schema = operation?["requestBody"]?["content"]?["application/json"]?["schema"]
    #expect(schema?["additionalProperties"] == false)
    #expect(schema?["required"] == ["name"])
    #expect(schema?["properties"]?["name"]?["maxLength"]?.int == 10)
  }

  @Test func `answers name the success and every problem that can follow`() {
    let codes = Set(operation?["responses"]?.object?.members.map(\.key) ?? [])
    #expect(codes == ["201", "400", "401", "403", "404", "409", "413", "429", "500", "503"])
  }

  @Test func `the page escapes what it shows`() {
    let page = DocumentationPage.html([route], [], version: "1")
    #expect(page.contains("Makes &lt;one&gt;."))
    #expect(!page.contains("<script"))
  }
}

@Suite struct ShapeTests {
  private let shape = Shape.object([
    .init("id", .identifier), .optional("tags", .array(.choice(["a", "b"]), 0...2)),
    .optional("count", .nullable(.integer(0...5))),
  ])

  @Test(arguments: [
    #"{"id":"0123456789abcdef"}"#, #"{"id":"0123456789abcdef","tags":["a","b"],"count":null}"#,
    #"{"id":"7fffffffffffffff","count":5.0}"#,
  ])
  func `what has the shape passes`(_ text: String) throws {
    try shape.check(try JSONValue(parsing: Array(text.utf8)))
  }

  @Test(arguments: [
    (#"[]"#, ""), (#"{}"#, "/id"), (#"{"id":"0123456789ABCDEF"}"#, "/id"), (#"{"id":"8123456789abcdef"}"#, "/id"),
    (#"{"id":"0123456789abcdef","tags":["c"]}"#, "/tags/0"),
    (#"{"id":"0123456789abcdef","tags":["a","a","a"]}"#, "/tags"),
    (#"{"id":"0123456789abcdef","count":6}"#, "/count"), (#"{"id":"0123456789abcdef","more":1}"#, "/more"),
  ])
  func `what has not is refused where it differs`(_ text: String, _ pointer: String) throws {
    let value = try JSONValue(parsing: Array(text.utf8))
    do throws(Problem) {
      try shape.check(value)
      Issue.record("it passed")
    } catch { #expect(error.pointer == pointer) }
  }
}
