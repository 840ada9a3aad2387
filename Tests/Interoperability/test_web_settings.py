"""Invitations, channels and the own account in the web client, pressed through like people do."""

import base64
import hashlib
import hmac
import struct
import time
import zlib

import pytest
from playwright.sync_api import expect

from browser import chromium
from community import PASSWORD, Community
from conftest import ROOT


class Page:
    """One browser page; what scripts complain about fails the scenario."""

    def __init__(self, browser, url, width=1280, height=800):
        self.url = url
        self.faults: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def sign_in(self, name, password=PASSWORD):
        self.page.goto(self.url)
        self.page.fill("[name=login]", name)
        self.page.fill("[name=password]", password)
        self.page.click("button.primary")
        self.page.wait_for_selector(".channels")
        return self

    def press(self, name, role="button"):
        self.page.get_by_role(role, name=name, exact=True).last.click()

    def menu(self, *path):
        """Opens the server's menu and chooses from it."""
        self.page.click(".server-name")
        for entry in path:
            self.press(entry, "menuitem")

    def settings(self, *, of="User settings", page):
        self.menu(of)
        self.page.locator(".settings > nav").get_by_role("button", name=page, exact=True).click()

    def channel(self, name):
        return self.page.locator(".channel", has_text=name)


@pytest.fixture(scope="module")
def world():
    community = Community(environment={"MQVI_WEB_ROOT": str(ROOT / "Sources/WebClient/dist")})
    with chromium() as browser:
        yield community, browser
    community.stop()


@pytest.fixture
def people(world, request):
    """The owner, and a member of this scenario alone, each with a page."""
    community, browser = world
    name = "m" + hashlib.sha256(request.node.name.encode()).hexdigest()[:10]
    member = community.join(name)
    member.name = name
    pages = [Page(browser, community.server.url).sign_in(login) for login in ("sahip", name)]
    yield community, member, *pages
    for page in pages:
        assert page.faults == []
        page.context.close()


def test_somebody_comes_in_by_a_link_that_was_made_in_the_page(people, world):
    community, _, owner, _ = people
    owner.press("Invite people")
    owner.page.get_by_label("Expires after").select_option("3600")
    owner.page.locator("[name=max_uses]").select_option("5")
    owner.press("Create a link")
    link = owner.page.get_by_label("Link of the invitation").input_value()
    assert link.startswith(f"{community.server.url}/#/invite/")
    guest = Page(world[1], link)
    guest.page.goto(link)
    guest.page.fill("[name=username]", "misafir")
    guest.page.fill("[name=password]", PASSWORD)
    guest.page.click("button.primary")
    guest.page.wait_for_selector(".channels")
    owner.page.keyboard.press("Escape")
    expect(owner.page.locator(".member", has_text="misafir")).to_be_visible()
    guest.context.close()


def test_a_cancelled_invitation_leads_nowhere(people):
    community, _, owner, _ = people
    code = community.owner.post("/invites", {"max_uses": 7})["invite"]["code"]
    owner.press("Invite people")
    owner.press(f"Cancel the invitation {code}")
    owner.press("Cancel it")
    expect(owner.page.get_by_text(code)).to_have_count(0)
    assert community.call("GET", f"/invites/{code}").status == 404


def test_a_member_is_not_shown_what_only_others_may_do(people):
    _, _, _, member = people
    expect(member.page.get_by_role("button", name="Invite people")).to_have_count(0)
    expect(member.page.locator("h3 .add")).to_have_count(0)
    member.page.click(".server-name")
    expect(member.page.get_by_role("menuitem")).to_have_text(["Find a channel or a person", "User settings"])


def test_a_channel_is_made_changed_and_deleted(people):
    _, _, owner, member = people
    owner.page.locator("h3 .add").first.click()
    owner.page.fill("[name=name]", "plans")
    owner.press("Create the channel")
    expect(owner.page.locator(".chat-head h1")).to_contain_text("plans")
    expect(member.channel("plans")).to_be_visible()

    owner.channel("plans").click(button="right")
    owner.press("Edit the channel", "menuitem")
    owner.page.fill("[name=name]", "projects")
    owner.page.fill("[name=topic]", "What comes next")
    owner.page.get_by_label("Slow mode").select_option("10")
    owner.press("Save")
    expect(owner.page.get_by_text("Saved")).to_be_visible()
    member.channel("projects").click()
    expect(member.page.locator(".chat-head")).to_contain_text("What comes next")

    owner.press("Delete the channel")
    owner.press("Delete")
    expect(member.channel("projects")).to_have_count(0)
    expect(owner.page.locator("dialog[open]")).to_have_count(0)


def test_a_category_is_made_renamed_and_deleted_without_its_channels(people):
    community, _, owner, member = people
    owner.menu("Create a category")
    owner.page.fill("[name=name]", "Archive")
    owner.press("Create the category")
    owner.press("Create a channel in Archive")
    owner.page.fill("[name=name]", "kept")
    owner.press("Create the channel")
    owner.page.get_by_role("button", name="Archive", exact=True).click(button="right")
    owner.press("Rename the category", "menuitem")
    owner.page.fill("[name=name]", "Attic")
    owner.press("Save")
    expect(member.page.get_by_role("button", name="Attic", exact=True)).to_be_visible()
    owner.page.get_by_role("button", name="Attic", exact=True).click(button="right")
    owner.press("Delete the category", "menuitem")
    owner.press("Delete")
    expect(member.page.get_by_role("button", name="Attic", exact=True)).to_have_count(0)
    expect(member.channel("kept")).to_be_visible()


def test_a_denied_channel_disappears_for_members(people):
    community, _, owner, member = people
    channel = community.owner.post("/channels", {"name": "council", "type": "text"})["channel"]
    expect(member.channel("council")).to_be_visible()
    owner.channel("council").click(button="right")
    owner.press("Edit the channel", "menuitem")
    owner.page.locator(".settings > nav").get_by_role("button", name="Permissions").click()
    owner.page.get_by_role("group", name="See channels").get_by_role("button", name="Deny").click()
    expect(member.channel("council")).to_have_count(0)
    assert community.owner.call("DELETE", f"/channels/{channel['id']}").status == 200


def test_a_name_and_a_picture_reach_others(people):
    _, somebody, owner, member = people
    member.settings(page="Profile")
    member.page.fill("[name=display_name]", f"Deniz {somebody.name}")
    member.page.fill("[name=custom_status]", "gone fishing")
    member.press("Save")
    row = owner.page.locator(".member", has_text=f"Deniz {somebody.name}")
    expect(row).to_contain_text("gone fishing")
    member.page.set_input_files(".settings input[type=file]", {"name": "me.png", "mimeType": "image/png", "buffer": png(96, 64)})
    expect(row.locator("img")).to_be_visible()
    member.press("Remove the picture")
    expect(row.locator("img")).to_have_count(0)


def test_a_password_changes_and_a_wrong_one_is_refused_in_place(people):
    community, somebody, _, member = people
    member.settings(page="Account")
    member.page.fill("[name=current_password]", "not the password")
    member.page.fill("[name=new_password]", "another long password")
    member.press("Change the password")
    expect(member.page.get_by_role("alert")).to_have_text("The password is wrong.")
    expect(member.page.locator("[name=current_password]")).to_be_focused()
    member.page.fill("[name=current_password]", PASSWORD)
    member.press("Change the password")
    expect(member.page.get_by_text("Saved")).to_be_visible()
    old = community.call("POST", "/auth/login", {"login": somebody.name, "password": PASSWORD})
    new = community.call("POST", "/auth/login", {"login": somebody.name, "password": "another long password"})
    assert (old.status, new.status) == (401, 200)


def test_two_factor_authentication_is_turned_on_and_off(people):
    community, somebody, _, member = people
    member.settings(page="Security")
    member.press("Enable")
    member.page.fill("[name=password]", PASSWORD)
    member.press("Continue")
    secret = member.page.get_by_label("Secret key").input_value()
    link = member.page.get_by_role("link", name="Open in an authenticator app").get_attribute("href")
    assert link.startswith("otpauth://totp/") and secret in link
    member.page.fill("[name=code]", one_time_code(secret))
    member.press("Confirm")
    shown = member.page.locator(".codes code")
    expect(shown.first).to_be_visible()
    codes = shown.all_text_contents()
    assert len(codes) >= 8
    login = community.call("POST", "/auth/login", {"login": somebody.name, "password": PASSWORD})
    assert login.code == "TWO_FACTOR_REQUIRED"
    member.press("I have kept the codes")
    member.press("Turn off")
    member.page.fill("[name=password]", PASSWORD)
    member.page.fill("[name=code]", codes[0])
    member.press("Turn off")
    expect(member.page.get_by_role("button", name="Enable")).to_be_visible()
    assert community.call("POST", "/auth/login", {"login": somebody.name, "password": PASSWORD}).status == 200


def test_another_session_is_ended(people):
    community, somebody, _, member = people
    member.settings(page="Security")
    sessions = member.page.locator(".rows li")
    # The registration itself signed in elsewhere.
    expect(sessions).to_have_count(2)
    assert somebody.get("/users/me").status == 200
    sessions.get_by_role("button").click()
    expect(sessions).to_have_count(1)
    expect(sessions).to_contain_text("this device")
    assert somebody.get("/users/me").status == 401


def test_theme_and_language_stay_after_a_reload(people):
    _, _, _, member = people
    member.settings(page="Appearance and language")
    member.page.get_by_label("Light").check()
    member.page.get_by_label("Türkçe").check()
    expect(member.page.get_by_role("heading", name="Görünüm ve dil")).to_be_visible()
    member.page.reload()
    member.page.wait_for_selector(".channels")
    assert member.page.evaluate("[document.documentElement.dataset.theme, document.documentElement.lang]") == ["light", "tr"]


def test_signing_out_leads_to_the_door(people):
    _, _, _, member = people
    member.settings(page="Account")
    member.press("Sign out")
    member.press("Sign out")
    expect(member.page.locator("[name=login]")).to_be_visible()


def test_the_keyboard_finds_a_channel(people):
    community, _, _, member = people
    channel = community.owner.post("/channels", {"name": "far-away", "type": "text"})["channel"]
    expect(member.channel("far-away")).to_be_visible()
    member.page.keyboard.press("Control+k")
    member.page.keyboard.type("far")
    member.page.keyboard.press("Enter")
    expect(member.page.locator(".chat-head h1")).to_contain_text("far-away")
    assert community.owner.call("DELETE", f"/channels/{channel['id']}").status == 200


def test_escape_closes_one_dialog_at_a_time(people):
    _, somebody, owner, _ = people
    owner.settings(of="Server settings", page="Members")
    owner.page.locator(".rows button", has_text=somebody.name).click()
    owner.press("Ban")
    for left in (2, 1, 0):
        owner.page.keyboard.press("Escape")
        expect(owner.page.locator("dialog[open]")).to_have_count(left)


def test_a_role_is_made_and_given_and_shows_its_holder_what_it_allows(people):
    community, somebody, owner, member = people
    owner.settings(of="Server settings", page="Roles")
    owner.press("Create a role")
    owner.page.fill("[name=name]", "Greeters")
    owner.page.get_by_role("switch", name="Create invitations").check()
    owner.press("Save")
    expect(owner.page.get_by_text("Saved")).to_be_visible()
    owner.page.locator(".settings > nav").get_by_role("button", name="Members", exact=True).click()
    owner.page.get_by_label("Search members").fill(somebody.name)
    owner.page.locator(".rows button").click()
    owner.page.locator(".modal").get_by_label("Greeters").click()
    expect(member.page.get_by_role("button", name="Invite people")).to_be_visible()
    assert community.owner.call("DELETE", f"/roles/{community.role('Greeters')}").status == 200
    expect(member.page.get_by_role("button", name="Invite people")).to_have_count(0)


def test_a_moderator_is_offered_only_who_stands_below(people):
    community, somebody, _, member = people
    given = community.owner.call("PUT", f"/users/{somebody.id}/roles", {"roles": [community.role("Moderator")]})
    assert given.status == 200
    other = community.join(somebody.name[:8] + "other")
    row = member.page.locator(".member", has_text=somebody.name[:8] + "other")
    row.click(button="right")
    expect(member.page.get_by_role("menuitem", name="Ban")).to_be_visible()
    member.page.keyboard.press("Escape")
    member.page.locator(".member", has_text="sahip").click(button="right")
    expect(member.page.get_by_role("menuitem")).to_have_text(["Profile", "Send a message"])
    assert other.get("/users/me").status == 200


def test_a_ban_with_its_reason_is_in_the_log_and_can_be_lifted(people):
    community, somebody, owner, member = people
    owner.page.locator(".member", has_text=somebody.name).click(button="right")
    owner.press("Ban", "menuitem")
    owner.page.fill("[name=reason]", "kötü şaka")
    owner.press("Ban")
    expect(member.page.locator("[name=login]")).to_be_visible()
    owner.settings(of="Server settings", page="Audit log")
    line = owner.page.locator(".rows li", has_text=f"banned {somebody.name}")
    expect(line).to_contain_text("Reason: kötü şaka")
    owner.page.locator(".settings > nav").get_by_role("button", name="Bans", exact=True).click()
    owner.press(f"Lift the ban of {somebody.name}")
    owner.press("Lift the ban")
    expect(owner.page.get_by_text("Nobody is banned.")).to_be_visible()
    assert community.owner.get("/bans")["bans"] == []


def one_time_code(secret: str) -> str:
    """RFC 6238 with its defaults."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def png(width, height):
    """A picture of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x30\x80\xd0" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
