"""Accounts over real HTTP: what a browser, a script and a stranger at the door go through."""

import base64
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import re
import struct
import time

import pytest

from community import PASSWORD, Community, Member
from conftest import Server


@pytest.fixture(scope="module")
def community():
    running = Community()
    yield running
    running.stop()


def login(community: Community, name: str, password: str = PASSWORD, **headers):
    return community.call("POST", "/auth/login", {"login": name, "password": password}, **headers)


def cookies(answer) -> dict[str, str]:
    fields = answer.headers.get_all("Set-Cookie") or []
    return dict(field.split(";")[0].split("=", 1) for field in fields)


def cookie_header(jar: dict[str, str], *names: str) -> str:
    return "; ".join(f"{name}={jar[name]}" for name in names)


def totp(secret: str, at: float | None = None) -> str:
    """RFC 6238, by somebody else than the server."""
    step = int((time.time() if at is None else at) // 30)
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_server_is_set_up_once(community):
    assert community.call("GET", "/setup")["setup"] == {"needed": False, "code_needed": False}
    again = community.call("POST", "/setup", {"server_name": "Mine", "username": "mallory", "password": PASSWORD})
    assert (again.status, again["reason"]) == (409, "set_up")


def test_a_new_server_is_not_taken_by_who_finds_it_behind_a_proxy():
    server = Server()
    try:
        body = {"server_name": "Mine", "username": "mallory", "password": PASSWORD}

        def ask(**more):
            connection = http.client.HTTPConnection("127.0.0.1", server.http)
            connection.request("POST", "/api/setup", json.dumps({**body, **more}), {
                "Content-Type": "application/json", "Host": "mqvi.example.org", "X-Forwarded-For": "203.0.113.9"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

        status, answer = ask()
        assert (status, answer["reason"]) == (403, "setup_code")
        # The line stands below the address, which the fixture waited for.
        deadline = time.monotonic() + 5
        while not (found := re.search(r"it takes the code ([\w-]+)", server.output())) and time.monotonic() < deadline:
            pass
        code = found.group(1)
        assert ask(setup_code=code)[0] == 201
    finally:
        assert server.stop() == 0


def test_nobody_registers_without_an_invitation(community):
    answer = community.call("POST", "/auth/register", {"username": "mallory", "password": PASSWORD})
    assert (answer.status, answer["reason"]) == (403, "invite_required")


def test_one_place_is_taken_once_however_many_want_it(community):
    invite = community.owner.post("/invites", {"max_uses": 3})["invite"]["code"]

    def join(number: int) -> int:
        return community.call("POST", "/auth/register", {
            "username": f"racer{number}", "password": PASSWORD, "invite_code": invite}).status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(join, range(8)))
    assert sorted(statuses) == [201] * 3 + [403] * 5


def test_a_browser_lives_on_cookies_and_only_on_its_own_pages(community):
    community.join("tarayici")
    jar = cookies(login(community, "tarayici"))
    assert set(jar) == {"token", "refresh_token", "device"}
    cookie = cookie_header(jar, "token")
    assert community.call("GET", "/users/me", Cookie=cookie)["user"]["username"] == "tarayici"

    def change(**headers):
        return community.call("PATCH", "/users/me", {"custom_status": "çayda"}, Cookie=cookie, **headers)

    assert change().status == 403
    assert change(Origin="https://evil.example").status == 403
    assert change(Origin=community.server.url).status == 200
    refreshed = community.call(
        "POST", "/auth/refresh", Cookie=cookie_header(jar, "refresh_token"), Origin=community.server.url)
    assert refreshed.status == 200
    assert cookies(refreshed)["refresh_token"] != jar["refresh_token"]


def test_tabs_that_refresh_together_stay_signed_in(community):
    member = community.join("sekmeler")

    def refresh(_):
        return community.call("POST", "/auth/refresh", {"refresh_token": member.refresh_token})

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(refresh, range(6)))
    assert [answer.status for answer in answers] == [200] * 6
    assert len({answer["refresh_token"] for answer in answers}) == 1


def test_a_copied_refresh_token_ends_the_session(community):
    member = community.join("kopya")
    first = community.call("POST", "/auth/refresh", {"refresh_token": member.refresh_token})
    second = community.call("POST", "/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert second.status == 200
    # Two steps behind: no tab is so late.
    assert community.call("POST", "/auth/refresh", {"refresh_token": member.refresh_token}).status == 401
    assert community.call("GET", "/users/me", token=second["access_token"]).status == 401
    fresh = Member(community, login(community, "kopya"))
    assert "token_reuse" in [entry["outcome"] for entry in fresh.get("/login-history")["logins"]]


def test_signing_out_holds_from_the_next_request_on(community):
    member = community.join("giden")
    assert member.call("POST", "/auth/logout").status == 200
    assert member.get("/users/me").status == 401


def test_a_session_is_revoked_from_another_one(community):
    lost = community.join("telefon")
    own = Member(community, login(community, "telefon"))
    sessions = own.get("/sessions")["sessions"]
    assert [session["current"] for session in sessions].count(True) == 1
    other = next(session["id"] for session in sessions if not session["current"])
    assert own.call("DELETE", f"/sessions/{other}").status == 200
    assert (lost.get("/users/me").status, own.get("/users/me").status) == (401, 200)
    assert own.call("DELETE", f"/sessions/{other}").status == 404


def test_a_second_factor_is_asked_for_and_good_once(community):
    member = community.join("cifte")
    begun = member.post("/users/me/two-factor", {"password": PASSWORD})["two_factor"]
    assert begun["otpauth_url"].startswith("otpauth://totp/")
    # The code before the present one, so that the present one is still to be used.
    code = totp(begun["secret"], time.time() - 30)
    recovery = member.post("/users/me/two-factor/confirm", {"code": code})["recovery_codes"]
    assert len(set(recovery)) == 10

    def second(code: str):
        first = login(community, "cifte")
        assert (first.status, first.code) == (403, "TWO_FACTOR_REQUIRED")
        return community.call("POST", "/auth/two-factor", {"ticket": first["ticket"], "code": code})

    code = totp(begun["secret"])
    assert second(code).status == 200
    assert second(code).status == 401
    assert second(recovery[0]).status == 200
    assert second(recovery[0]).status == 401


def test_an_administrators_code_sets_a_new_password(community):
    member = community.join("unutkan")
    code = community.owner.post(f"/users/{member.id}/password-reset")["reset"]["code"]
    assert member.get("/users/me").status == 401
    assert login(community, "unutkan").status == 401
    chosen = "yepyeni sözcükler"
    assert community.call("POST", "/auth/password-reset", {"code": code, "new_password": chosen}).status == 200
    assert login(community, "unutkan", chosen).status == 200
    assert community.call("POST", "/auth/password-reset", {"code": code, "new_password": chosen}).status == 403


def test_an_erased_account_is_a_name_only(community):
    member = community.join("silinen")
    member.post(f"/channels/{community.text}/messages", {"content": "kalsın"})
    assert "kalsın" in member.get("/users/me/export").body.decode()
    assert member.post("/users/me/erase", {"password": "wrong words"}).status == 403
    assert member.post("/users/me/erase", {"password": PASSWORD}).status == 200
    assert login(community, "silinen").status == 401
    user = community.owner.get(f"/users/{member.id}")["user"]
    assert user["username"] == f"deleted-{member.id}"
    assert "kalsın" in community.owner.get(f"/channels/{community.text}/messages").body.decode()


def test_forged_tokens_are_nobodys(community):
    header, claims, signature = community.owner.token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    for token in [f"{none}.{claims}.", f"{header}.{claims}.", f"{header}.{claims}.{signature[:-1]}",
                  f"{header}.{claims}.{signature[::-1]}", "x" * 5000, community.owner.refresh_token, "..", "a.b"]:
        assert community.call("GET", "/users/me", token=token).status == 401, token


def test_guessing_is_slowed_down_and_locks_nobody_else_out():
    community = Community()
    try:
        community.join("hedef")
        # Behind the proxy on this machine: the attacker has one address, the owner of the account another.
        attacker, home = {"X-Forwarded-For": "198.51.100.7"}, {"X-Forwarded-For": "203.0.113.5"}
        statuses = [login(community, "hedef", "guess", **attacker).status for _ in range(8)]
        assert statuses[:5] == [401] * 5 and statuses[-1] == 429
        refused = login(community, "hedef", **attacker)
        assert refused["reason"] == "too_many_attempts" and int(refused.headers["Retry-After"]) >= 1
        assert login(community, "hedef", **home).status == 200
        # Nobody has this name, and it waits as well.
        statuses = [login(community, "kimse", "guess", **{"X-Forwarded-For": "198.51.100.8"}).status for _ in range(8)]
        assert statuses[:5] == [401] * 5 and statuses[-1] == 429
    finally:
        community.stop()


def test_sessions_and_their_ends_outlive_a_restart(tmp_path):
    environment = {"MQVI_DATA": str(tmp_path / "data"), "MQVI_PASSWORD_COST": "10", "MQVI_RATE_LIMIT_PERCENT": "0"}
    community = Community(environment=environment)
    try:
        kept, ended = community.join("kalan"), community.join("giden")
        ended.call("POST", "/auth/logout")
        assert community.server.stop() == 0
        community.server = Server(environment=environment)
        assert kept.get("/users/me").status == 200
        assert ended.get("/users/me").status == 401
        assert community.call("POST", "/auth/refresh", {"refresh_token": kept.refresh_token}).status == 200
    finally:
        community.stop()
