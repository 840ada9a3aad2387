// Forms with files in them, as browsers and libraries send them and as attackers do.

import Bytes
import Multipart
import Randomness
import TestSupport
import Testing

@Suite struct FormFileTests {
  private let type = "multipart/form-data; boundary=----WebKitFormBoundaryX7"

  private func file(_ body: String, type: String? = nil) throws -> (FormFile, String) {
    let bytes = Array(body.utf8)
    let file = try FormFile(in: bytes.rawSpan, contentType: type ?? self.type)
    return (file, String(decoding: bytes[file.content], as: UTF8.self))
  }

  private func body(_ disposition: String, _ content: String = "content", boundary: String = "----WebKitFormBoundaryX7")
    -> String
  {
    "--\(boundary)\r\nContent-Disposition: form-data; \(disposition)\r\nContent-Type: text/plain\r\n\r\n\(content)\r\n"
      + "--\(boundary)--\r\n"
  }

  @Test func `a browser's form`() throws {
    let (file, content) = try file(body(#"name="file"; filename="a b.txt""#))
    #expect(file.name == "a b.txt")
    #expect(file.type == "text/plain")
    #expect(content == "content")
  }

  @Test func `fields beside the file are passed over`() throws {
    let field = "--B\r\nContent-Disposition: form-data; name=\"channel\"\r\n\r\n12\r\n"
    let (_, content) = try file(
      field + body(#"name="f"; filename="x""#, boundary: "B"), type: "multipart/form-data; boundary=B")
    #expect(content == "content")
  }

  @Test func `boundaries may be quoted, preambles and padding are allowed`() throws {
    let text = "preamble\r\n--a b \t\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n\r\n--a b--epilogue"
    let (file, content) = try file(text, type: "Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"")
    #expect(file.name == "x")
    #expect(content.isEmpty)
  }

  @Test func `names are read in every way that clients write them`() throws {
    let names = [
      (#"name="file"; filename="naïve.txt""#, "naïve.txt"), (#"name=f; filename=plain.txt"#, "plain.txt"),
      (#"name="f"; filename="a;b.txt""#, "a;b.txt"), (#"name="f"; filename="say \"hi\".txt""#, #"say "hi".txt"#),
      (#"name="f"; filename="x.txt"; filename*=UTF-8''na%C3%AFve.txt"#, "naïve.txt"),
      (#"name="f"; filename*=UTF-8''%FF; filename=y"#, "y"), (#"name="f"; filename="C:\dir\x.txt""#, #"C:\dir\x.txt"#),
      (#"name="f"; filename="""#, ""), (#"name="f"; filename="../../etc/passwd""#, "../../etc/passwd"),
    ]
    for (disposition, name) in names { #expect(try file(body(disposition)).0.name == name) }
  }

  @Test(arguments: [
    "", "--B", "--B--\r\n", "--B\r\n\r\n--B--", "--B\r\nContent-Disposition: form-data; name=f\r\n\r\nx\r\n--B--",
    "--B\r\nContent-Disposition: form-data; filename=f\r\n\r\nx", "--B\r\nno colon\r\n\r\nx\r\n--B--",
    "--B\r\nContent-Disposition: attachment; filename=f\r\n\r\nx\r\n--B--",
    "--B\r\nContent-Disposition: form-data; filename=f\r\n--B--", "--BX\r\nx\r\n--B--",
    "--B\r\nContent-Disposition: form-data; filename=f\r\n\r\nx\r\n--B\r\n"
      + "Content-Disposition: form-data; filename=g\r\n\r\ny\r\n--B--",
  ])
  func `what is no form with one file is refused`(body: String) {
    #expect(throws: MalformedForm.self) { try file(body, type: "multipart/form-data; boundary=B") }
  }

  @Test(arguments: [
    "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=B",
    "multipart/form-data; boundary=" + String(repeating: "x", count: 71), "multipart/form-data; boundary=\"x \"",
  ])
  func `a type without a sound boundary is refused`(type: String) {
    #expect(throws: MalformedForm.self) { try file("--B\r\n", type: type) }
  }

  @Test func `any content comes out as it went in`() throws {
    let alphabet = Array("\r\n-Bx".utf8)
    try forEachSeed(300) { seed, random in
      var content: [UInt8] = []
      for _ in 0..<Int.random(in: 0...200, using: &random) {
        content.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
      }
      // Whoever makes a form chooses a boundary that its content does not hold.
      let text = String(decoding: content, as: UTF8.self)
      guard !text.utf8.elementsEqual("".utf8), !contains(content, Array("\r\n--BB".utf8)) else { return }
      let whole =
        Array("--BB\r\nContent-Disposition: form-data; filename=f\r\n\r\n".utf8) + content + Array("\r\n--BB--".utf8)
      let file = try FormFile(in: whole.rawSpan, contentType: "multipart/form-data; boundary=BB")
      #expect(Array(whole[file.content]) == content, "seed \(seed)")
    }
  }

  @Test func `content that looks like the delimiter does not make the search slow`() throws {
    let boundary = String(repeating: "a", count: 70)
    let content = String(repeating: "a", count: 2_000_000)
    let (_, found) = try file(
      body("filename=f", content, boundary: boundary), type: "multipart/form-data; boundary=\(boundary)")
    #expect(found.utf8.count == content.utf8.count)
  }

  private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    guard bytes.count >= part.count else { return false }
    return (0...(bytes.count - part.count)).contains { bytes[$0..<($0 + part.count)].elementsEqual(part) }
  }
}
