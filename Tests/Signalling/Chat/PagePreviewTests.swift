// Previews of pages: what is read from a head, and what is not.

import Chat
import Testing

@Suite struct PagePreviewTests {
  private func preview(_ html: String) -> PagePreview? { PagePreview(html: Array(html.utf8)) }

  @Test func `a head says what a page is about`() throws {
    let page = try #require(
      preview(
        """
        <!DOCTYPE html><html><head><meta charset="utf-8"><!-- <title>no</title> -->
        <script>if (a < b) document.write("<title>no</title>")</script>
        <TITLE>Ana &amp; sayfa</TITLE>
        <meta property="og:title" content="Bir &#305;l&#x131;k &quot;gün&quot;">
        <meta name=description content='İlk
          satır'>
        <meta content="https://ornek.com/a.png" property=og:image /><meta property="og:site_name" content="Örnek">
        </head><body><title>no</title></body></html>
        """))
    #expect(page.title == "Bir ılık \"gün\"")
    #expect(page.summary == "İlk satır")
    #expect(page.picture == "https://ornek.com/a.png")
    #expect(page.siteName == "Örnek")
  }

  @Test func `without other words the title counts`() {
    #expect(preview("<title> Ana &lt;sayfa&gt; </title>")?.title == "Ana <sayfa>")
  }

  @Test(arguments: [
    "", "hello", "<html><body><title>late</title>", "<meta property=og:image content=x>", "<title></title>",
  ])
  func `who says nothing gets no preview`(html: String) {
    #expect(preview(html) == nil)
  }

  @Test func `long words are cut`() {
    let page = preview("<title>\(String(repeating: "ş", count: 1_000))</title>")
    #expect(page?.title?.unicodeScalars.count == 256)
  }

  @Test(arguments: ["&amp", "&;", "&#;", "&#x;", "&#0;", "&#xD800;", "&#99999999;", "&unknown;", "&&amp;"])
  func `broken references stay as they are`(text: String) {
    #expect(preview("<title>a\(text)b</title>")?.title == "a\(text == "&&amp;" ? "&&" : text)b")
  }
}
