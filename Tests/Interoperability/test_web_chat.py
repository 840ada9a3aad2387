"""Two people in the chat of the web client: what one does, the other sees; and nothing that is written becomes markup."""

import json
import re
import struct
import zlib

import pytest
from playwright.sync_api import expect

from browser import chromium
from conftest import ROOT, Server

PASSWORD = "a-long-password-1"
# What would run or deceive if any text became markup somewhere.
ATTACKS = [
    "<img src=x onerror=\"window.attacked=1\">",
    "<script>window.attacked=1</script>",
    "<svg/onload=window.attacked=1>",
    "[press](javascript:window.attacked=1)",
    "<javascript:window.attacked=1>",
    "[a](data:text/html,<script>window.attacked=1</script>)",
    "**<b onclick=window.attacked=1>bold</b>**",
    "`<iframe src=javascript:window.attacked=1>`",
    "```html\n<script>window.attacked=1</script>\n```",
    "> <style>*{display:none}</style>",
    "\u202e<script>\u202c \u2066right to left\u2069",
    "||<object data=javascript:window.attacked=1>||",
    "https://example.com/\"onmouseover=\"window.attacked=1",
    "{{constructor.constructor('window.attacked=1')()}}",
    "&lt;script&gt;window.attacked=1&lt;/script&gt;",
]


class Person:
    """One page of one member, which fails the scenario when its policy is violated or a script of somebody else runs."""

    def __init__(self, browser, url, width=1280, height=800):
        self.url = url
        self.faults: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) => console.error('VIOLATION ' + event.blockedURI))")
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.faults.append(dialog.message), dialog.dismiss()))
        self.page.on("console", self._said)

    def _said(self, message):
        if "VIOLATION" in message.text or "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def set_up(self, name):
        self.page.goto(self.url)
        self.page.fill("[name=server_name]", "Workshop")
        return self._enter(name)

    def register(self, name, code):
        self.page.goto(f"{self.url}/#/invite/{code}")
        return self._enter(name)

    def _enter(self, name):
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button.primary")
        self.page.wait_for_selector(".composer textarea")
        return self

    def api(self, method, path, body=None):
        """A request of this member, beside the page."""
        answer = self.context.request.fetch(
            f"{self.url}/api{path}", method=method, data=json.dumps(body) if body is not None else None,
            headers={"Content-Type": "application/json", "Origin": self.url})
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()}"
        return answer.json()

    def open(self, channel):
        self.page.click(f".channel:has-text('{channel}')")
        expect(self.page.locator(".chat-head h1")).to_contain_text(channel)

    def write(self, text):
        box = self.page.locator(".composer textarea")
        box.fill(text)
        box.press("Enter")

    def message(self, text):
        return self.page.locator(".message", has_text=text).last

    def act(self, text, label):
        """Presses a button of the bar over a message."""
        self.message(text).hover()
        self.page.click(f".message-tools [aria-label='{label}']")

    def choose(self, text, entry):
        self.act(text, "More")
        self.page.click(f"[role=menuitem]:has-text('{entry}')")


@pytest.fixture(scope="module")
def community():
    server = Server(environment={"MQVI_RATE_LIMIT_PERCENT": "0", "MQVI_WEB_ROOT": str(ROOT / "Sources/WebClient/dist")})
    with chromium() as browser:
        ada = Person(browser, server.url).set_up("ada")
        code = ada.api("POST", "/invites", {})["invite"]["code"]
        deniz = Person(browser, server.url).register("deniz", code)
        yield ada, deniz
    server.stop()


@pytest.fixture
def people(community, request):
    """Both, in a channel of this scenario alone."""
    ada, deniz = community
    name = re.sub("[^a-z]", "-", request.node.name.removeprefix("test_"))[:40]
    channel = ada.api("POST", "/channels", {"name": name, "type": "text"})["channel"]
    for person in community:
        person.channel = channel["id"]
        person.faults.clear()
        person.open(name)
    yield ada, deniz
    for person in community:
        assert person.faults == []
        assert person.page.evaluate("window.attacked") is None


def png(width, height):
    """A picture of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x30\x80\xd0" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_message_is_sent_edited_and_deleted(people):
    ada, deniz = people
    ada.write("first **words**")
    expect(deniz.message("first").locator("strong")).to_have_text("words")
    ada.page.press(".composer textarea", "ArrowUp")
    ada.page.fill(".edit-box textarea", "second words")
    ada.page.press(".edit-box textarea", "Enter")
    expect(deniz.message("second words").locator(".edited")).to_have_count(1)
    expect(deniz.page.locator(".message", has_text="first")).to_have_count(0)
    ada.choose("second words", "Delete message")
    ada.page.click("dialog button.dangerous")
    expect(deniz.page.locator(".message")).to_have_count(0)
    expect(ada.page.locator(".message")).to_have_count(0)


def test_escape_leaves_a_message_as_it_was(people):
    ada, _ = people
    ada.write("as it was")
    expect(ada.message("as it was")).not_to_have_class(re.compile("pending"))
    ada.page.press(".composer textarea", "ArrowUp")
    ada.page.fill(".edit-box textarea", "changed")
    ada.page.press(".edit-box textarea", "Escape")
    expect(ada.message("as it was").locator(".edited")).to_have_count(0)
    expect(ada.page.locator(".composer textarea")).to_be_focused()


def test_what_one_may_not_do_is_not_offered(people):
    ada, deniz = people
    ada.write("mine alone")
    deniz.act("mine alone", "More")
    offered = deniz.page.locator("[role=menuitem]").all_inner_texts()
    assert "Reply" in offered
    assert not {"Edit", "Pin", "Delete message"} & set(offered)
    deniz.page.keyboard.press("Escape")


def test_a_reply_quotes_and_leads_back(people):
    ada, deniz = people
    ada.write("the question")
    deniz.act("the question", "Reply")
    deniz.write("the answer")
    line = ada.message("the answer").locator(".reply-line")
    expect(line).to_contain_text("the question")
    line.click()
    expect(ada.page.locator(".message.target")).to_contain_text("the question")


def test_reactions_are_counted_and_say_who(people):
    ada, deniz = people
    ada.write("react to this")
    deniz.message("react to this").hover()
    deniz.page.click(".message-tools .quick >> nth=0")
    button = ada.message("react to this").locator(".reaction").first
    expect(button.locator(".count")).to_have_text("1")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(deniz.message("react to this").locator(".count")).to_have_text("2")
    button.hover()
    expect(button).to_have_attribute("title", re.compile("ada.*deniz|deniz.*ada"))
    button.click()
    expect(deniz.message("react to this").locator(".count")).to_have_text("1")


def test_an_emoji_is_found_by_its_name(people):
    ada, deniz = people
    ada.page.click(".composer [aria-label='Emoji']")
    ada.page.fill(".emoji-picker input", "rocket")
    ada.page.press(".emoji-picker input", "Enter")
    ada.page.press(".composer textarea", "Enter")
    expect(deniz.message("🚀").locator(".only-emoji")).to_have_count(1)


def test_who_types_is_shown(people):
    ada, deniz = people
    ada.page.locator(".composer textarea").press_sequentially("I am")
    expect(deniz.page.locator(".typing")).to_have_text("ada is typing…")
    ada.write("I am done")
    expect(deniz.page.locator(".typing")).to_have_text("")


def test_a_mention_is_offered_and_counts(people):
    ada, deniz = people
    deniz.open("general")
    box = ada.page.locator(".composer textarea")
    box.press_sequentially("@den")
    expect(ada.page.get_by_role("option")).to_contain_text("deniz")
    box.press("Tab")
    box.press_sequentially("look")
    box.press("Enter")
    expect(ada.message("look").locator(".pill")).to_have_text("@deniz")
    expect(deniz.page.locator(f"[data-channel='{ada.channel}'] .badge")).to_have_text("1")
    expect(deniz.page).to_have_title(re.compile(r"^\(1\) "))
    deniz.page.click(f"[data-channel='{ada.channel}']")
    expect(deniz.page.locator(".message.mentions-me")).to_have_count(1)
    expect(deniz.page.locator(".divider.new")).to_have_count(1)
    expect(deniz.page).not_to_have_title(re.compile(r"^\("))


def test_pinned_messages_are_listed(people):
    ada, deniz = people
    ada.write("to keep")
    ada.choose("to keep", "Pin")
    expect(deniz.message("to keep").locator(".pinned")).to_have_count(1)
    deniz.page.click("[aria-label='Pinned messages']")
    expect(deniz.page.locator(".pins .result")).to_contain_text("to keep")
    deniz.page.keyboard.press("Escape")


def test_a_picture_is_uploaded_shown_and_enlarged(people):
    ada, deniz = people
    ada.page.set_input_files(".composer input[type=file]", [
        {"name": "view.png", "mimeType": "image/png", "buffer": png(800, 400)},
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"some notes"}])
    expect(ada.page.locator(".file-tray img")).to_have_count(1)
    ada.write("two files")
    picture = deniz.message("two files").locator(".picture")
    expect(picture.locator("img")).to_be_visible()
    box = picture.bounding_box()
    assert abs(box["width"] / box["height"] - 2) < 0.05, "its place has its shape"
    with deniz.page.expect_download() as download:
        deniz.message("two files").locator("[aria-label='Download notes.txt']").click()
    assert open(download.value.path(), "rb").read() == b"some notes"
    picture.click()
    expect(deniz.page.locator(".lightbox img")).to_be_visible()
    deniz.page.keyboard.press("+")
    expect(deniz.page.locator(".lightbox img")).to_have_attribute("style", re.compile(r"scale\(1\.5\)"))
    deniz.page.keyboard.press("Escape")
    expect(deniz.page.locator(".lightbox")).to_have_count(0)


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(people):
    ada, _ = people
    sent = []
    ada.page.on("request", lambda request: sent.append(request.url) if "/upload" in request.url else None)
    ada.page.evaluate("""() => {
      const carrier = new DataTransfer()
      carrier.items.add(new File([new Uint8Array(25 * 1024 * 1024 + 1)], 'large.bin'))
      const input = document.querySelector('.composer input[type=file]')
      input.files = carrier.files
      input.dispatchEvent(new Event('change', { bubbles: true }))
    }""")
    expect(ada.page.locator(".file-tray .failure")).to_contain_text("25 MB")
    assert sent == []
    ada.page.click(".file-tray [aria-label^='Leave']")


def test_a_file_is_pasted(people):
    ada, deniz = people
    data = list(png(40, 40))
    ada.page.locator(".composer textarea").evaluate("""(field, bytes) => {
      const carrier = new DataTransfer()
      carrier.items.add(new File([new Uint8Array(bytes)], 'image.png', { type: 'image/png' }))
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: carrier, bubbles: true, cancelable: true }))
    }""", data)
    expect(ada.page.locator(".file-tray progress")).to_have_count(0)
    ada.page.press(".composer textarea", "Enter")
    expect(deniz.page.locator(".message .picture")).to_have_count(1)


def test_a_search_finds_and_leads_to_the_place(people):
    ada, deniz = people
    for text in ["an albatross flies", "nothing here"]:
        ada.api("POST", f"/channels/{ada.channel}/messages", {"content": text})
    deniz.page.keyboard.press("Control+f")
    deniz.page.keyboard.type("albatross from:ada")
    deniz.page.keyboard.press("Enter")
    result = deniz.page.locator(".search-panel .result")
    expect(result).to_have_count(1)
    expect(result.locator("mark")).to_have_text("albatross")
    result.locator("button").first.click()
    expect(deniz.page.locator(".message.target")).to_contain_text("an albatross flies")
    deniz.page.click(".search-panel [aria-label='Close']")


def test_a_conversation_is_begun_from_the_member_list(people):
    ada, deniz = people
    ada.page.locator(".member", has_text="deniz").click(button="right")
    ada.page.click("[role=menuitem]:has-text('Send a message')")
    expect(ada.page.locator(".composer textarea")).to_have_attribute("placeholder", "Message deniz")
    ada.write("between us")
    row = deniz.page.locator(".channel", has_text="ada")
    expect(row.locator(".badge")).to_have_text("1")
    row.click()
    expect(deniz.message("between us")).to_be_visible()


def test_a_draft_stays_with_its_channel(people):
    ada, _ = people
    ada.page.fill(".composer textarea", "half a thought")
    ada.open("general")
    expect(ada.page.locator(".composer textarea")).to_have_value("")
    ada.page.click(f"[data-channel='{ada.channel}']")
    expect(ada.page.locator(".composer textarea")).to_have_value("half a thought")
    ada.page.fill(".composer textarea", "")


def test_what_could_not_be_sent_is_sent_once_when_tried_again(people):
    ada, deniz = people
    ada.page.route("**/messages", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    ada.write("against the odds")
    expect(ada.message("against the odds").locator(".failure")).to_be_visible()
    ada.page.unroute("**/messages")
    ada.page.click(".failure >> text=Try again")
    expect(deniz.page.locator(".message", has_text="against the odds")).to_have_count(1)
    expect(ada.page.locator(".message", has_text="against the odds")).to_have_count(1)
    expect(ada.page.locator(".message.pending")).to_have_count(0)


# The first message in view and how far below the edge it begins.
PLACE = """() => {
  const box = document.querySelector('.timeline')
  const edge = box.getBoundingClientRect().top
  const row = [...box.querySelectorAll('[data-message]')].find((candidate) => candidate.getBoundingClientRect().bottom > edge)
  return [row.dataset.message, row.getBoundingClientRect().top - edge]
}"""
TOP_OF = "(id) => document.querySelector(`[data-message='${id}']`).getBoundingClientRect().top - document.querySelector('.timeline').getBoundingClientRect().top"


def test_three_hundred_messages_load_upwards_without_moving_what_is_read(people):
    ada, deniz = people
    ada.open("general")
    for number in range(300):
        deniz.api("POST", f"/channels/{ada.channel}/messages", {"content": f"line {number} " + "word " * (number % 40)})
    ada.page.click(f"[data-channel='{ada.channel}']")
    expect(ada.message("line 299")).to_be_in_viewport()
    rows = ada.page.locator("[data-message]")
    for _ in range(12):
        if ada.page.locator(".beginning").count():
            break
        first = rows.first.get_attribute("data-message")
        ada.page.locator(".timeline").evaluate("(box) => { box.scrollTop = 900 }")
        place, top = ada.page.evaluate(PLACE)
        expect(rows.first).not_to_have_attribute("data-message", first)
        assert abs(ada.page.evaluate(TOP_OF, place) - top) <= 1
    expect(ada.page.locator(".beginning")).to_have_count(1)
    assert rows.count() == 300

    # What is written meanwhile does not move it either.
    ada.page.locator(".timeline").evaluate("(box) => { box.scrollTop = 3000 }")
    ada.page.wait_for_timeout(100)
    place, top = ada.page.evaluate(PLACE)
    deniz.api("POST", f"/channels/{ada.channel}/messages", {"content": "one more"})
    expect(ada.message("one more")).to_be_attached()
    assert abs(ada.page.evaluate(TOP_OF, place) - top) <= 1

    # The place is kept while one is in another channel.
    ada.open("general")
    ada.page.click(f"[data-channel='{ada.channel}']")
    expect(ada.page.locator(f"[data-message='{place}']")).to_be_in_viewport()
    assert abs(ada.page.evaluate(TOP_OF, place) - top) <= 1

    ada.page.click(".to-newest")
    expect(ada.message("one more")).to_be_in_viewport()


def test_unread_messages_far_above_are_reached_with_one_click(people):
    ada, deniz = people
    deniz.write("already seen")
    expect(ada.message("already seen")).to_be_visible()
    ada.page.wait_for_timeout(300)
    ada.open("general")
    for number in range(120):
        deniz.api("POST", f"/channels/{ada.channel}/messages", {"content": f"news {number}"})
    ada.page.click(f"[data-channel='{ada.channel}']")
    ada.page.click(".unread-bar button >> nth=0")
    expect(ada.page.locator(".divider.new")).to_be_in_viewport()
    expect(ada.page.locator(".message", has_text=re.compile(r"news 0$"))).to_be_in_viewport()


def test_nothing_that_is_written_becomes_markup(people):
    ada, deniz = people
    for text in ATTACKS:
        ada.api("POST", f"/channels/{ada.channel}/messages", {"content": text})
    expect(deniz.page.locator(".message")).to_have_count(len(ATTACKS))
    timeline = deniz.page.locator(".timeline")
    for tag in ["script", "iframe", "object", "embed", "style", "img[src=x]", "[onerror]", "[onclick]", "[onload]", "[onmouseover]", "svg[onload]"]:
        expect(timeline.locator(tag)).to_have_count(0)
    for link in timeline.locator("a").all():
        assert re.match(r"https?://", link.get_attribute("href"))
        assert "noopener" in link.get_attribute("rel")
    expect(deniz.message("<img src=x")).to_contain_text("onerror")
    # In quotes of replies, in the search and in pins, too.
    deniz.act("<img src=x", "Reply")
    deniz.write("quoting")
    expect(ada.message("quoting").locator(".reply-line")).to_contain_text("<img src=x")
    deniz.page.keyboard.press("Control+f")
    deniz.page.keyboard.type("onerror")
    deniz.page.keyboard.press("Enter")
    expect(deniz.page.locator(".result mark").first).to_have_text("onerror")
    expect(deniz.page.locator(".search-panel img[src=x]")).to_have_count(0)
    deniz.page.click(".search-panel [aria-label='Close']")


def test_names_of_people_channels_and_files_are_only_text(people):
    ada, deniz = people
    evil = "<img src=x onerror=window.attacked=1>"
    deniz.api("PATCH", "/users/me", {"display_name": evil[:32]})
    ada.api("PATCH", f"/channels/{ada.channel}", {"topic": f"**topic** {evil}"})
    deniz.page.set_input_files(".composer input[type=file]", [
        {"name": "bill\u202egpj.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"},
        {"name": "<b onclick=alert(1)>.txt", "mimeType": "text/plain", "buffer": b"x"}])
    expect(deniz.page.locator(".file-tray progress")).to_have_count(0)
    deniz.write("files")
    names = ada.message("files").locator(".file bdi")
    expect(names).to_have_count(2)
    assert "\u202e" not in "".join(names.all_inner_texts())
    expect(ada.message("files").locator(".by .name")).to_have_text(evil[:32])
    expect(ada.page.locator(".chat-head .topic strong")).to_have_text("topic")
    expect(ada.page.locator("[onerror], [onclick], img[src=x]")).to_have_count(0)
    deniz.api("PATCH", "/users/me", {"display_name": "deniz"})


def test_every_control_of_a_message_has_a_name_and_is_reached_by_keyboard(people):
    ada, _ = people
    ada.write("by keyboard")
    expect(ada.message("by keyboard")).not_to_have_class(re.compile("pending"))
    ada.page.locator(".timeline").focus()
    ada.page.keyboard.press("ArrowUp")
    expect(ada.message("by keyboard")).to_be_focused()
    ada.page.keyboard.press("r")
    expect(ada.page.locator(".reply-bar")).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(ada.page.locator(".reply-bar")).to_have_count(0)
    ada.page.locator(".timeline").focus()
    ada.page.keyboard.press("ArrowUp")
    ada.page.keyboard.press("p")
    expect(ada.message("by keyboard").locator(".pinned")).to_have_count(1)
    expect(ada.message("by keyboard")).to_be_focused()
    ada.page.keyboard.press("e")
    expect(ada.page.locator(".edit-box textarea")).to_be_focused()
    ada.page.keyboard.press("Escape")
    ada.page.keyboard.type("letters")
    expect(ada.page.locator(".composer textarea")).to_have_value("letters")
    ada.page.fill(".composer textarea", "")
    ada.message("by keyboard").hover()
    nameless = ada.page.evaluate("""() => [...document.querySelectorAll('.chat button, .chat a, .chat input:not([type=file]), .chat textarea')]
      .filter((control) => !control.closest('[aria-hidden=true]') && !(control.getAttribute('aria-label') || control.textContent.trim() || control.title))
      .map((control) => control.outerHTML)""")
    assert nameless == []


# Keeps what the page asks the system to show, and says that nobody looks at the page.
UNSEEN = """() => {
  window.shown = []
  window.Notification = class {
    static permission = 'granted'
    constructor(title, options) { window.shown.push([title, options.body]) }
    close() {}
  }
  Object.defineProperty(document, 'hidden', { configurable: true, value: true })
  document.hasFocus = () => false
}"""
SEEN = "() => { delete document.hidden; delete document.hasFocus }"


def test_a_mention_is_notified_while_nobody_looks_and_nothing_else_is(people):
    ada, deniz = people
    deniz.page.evaluate(UNSEEN)
    ada.write("nothing for you")
    ada.write("@deniz come **here** ||secretly||")
    expect(deniz.page.locator(".message.mentions-me")).to_have_count(1)
    channel = deniz.page.locator(".chat-head h1").inner_text().strip()
    assert deniz.page.evaluate("window.shown") == [[f"ada (#{channel})", "@deniz come here ▒▒▒"]]
    expect(deniz.page).to_have_title(re.compile(r"^\(1\) "))

    deniz.page.click(".user-panel .me")
    deniz.page.click("[role=menuitemcheckbox]:has-text('Do not disturb')")
    expect(deniz.page.locator(".user-panel .dot.dnd")).to_have_count(1)
    ada.write("@deniz again")
    expect(deniz.page.locator(".message.mentions-me")).to_have_count(2)
    assert len(deniz.page.evaluate("window.shown")) == 1
    deniz.page.click(".user-panel .me")
    deniz.page.click("[role=menuitemcheckbox]:has-text('Online')")
    deniz.page.evaluate(SEEN)


def test_a_link_to_a_message_leads_there(people):
    ada, deniz = people
    sent = [
        deniz.api("POST", f"/channels/{ada.channel}/messages", {"content": f"row {number}"})["message"]["id"]
        for number in range(120)
    ]
    ada.open("general")
    ada.page.goto(f"{ada.url}/#/channels/{ada.channel}/{sent[10]}")
    expect(ada.page.locator(f"[data-message='{sent[10]}']")).to_be_in_viewport()
    expect(ada.page.locator(".message.target .content")).to_have_text("row 10")
    assert "#" not in ada.page.url
    # From there on both sides are loaded as far as there is anything.
    timeline = ada.page.locator(".timeline")
    for _ in range(8):
        timeline.evaluate("(box) => { box.scrollTop = box.scrollHeight }")
        ada.page.wait_for_timeout(100)
    expect(ada.message("row 119")).to_be_in_viewport()
    expect(ada.page.locator(".to-newest")).to_have_count(0)
