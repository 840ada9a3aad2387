"""The community server over real HTTP: set-up, people with sessions of their own, and short words for requests."""

import http.client
import json
import urllib.parse

from conftest import Server

PASSWORD = "doğru at pili zımba"


class Answer:
    """What a request came to."""

    def __init__(self, response: http.client.HTTPResponse):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        return self.json.get("code")

    def __getitem__(self, name: str):
        return self.json[name]

    def __repr__(self) -> str:
        return f"{self.status} {self.body[:300]!r}"


class Member:
    """Somebody who is signed in."""

    def __init__(self, community: "Community", answer: Answer):
        self.community = community
        self.token = answer["access_token"]
        self.refresh_token = answer["refresh_token"]
        self.id = answer["user"]["id"]

    def call(self, method: str, path: str, body=None, **headers) -> Answer:
        return self.community.call(method, path, body, token=self.token, **headers)

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, body=None) -> Answer:
        return self.call("POST", path, {} if body is None else body)

    def gateway_url(self) -> str:
        return f"{self.community.server.ws}/ws?token={urllib.parse.quote(self.token)}"


class Community:
    """A server with an owner. Rate limits are off unless a test is about them."""

    def __init__(self, *flags: str, environment: dict[str, str] | None = None):
        settings = {"MQVI_RATE_LIMIT_PERCENT": "0", "MQVI_PASSWORD_COST": "10", **(environment or {})}
        self.server = Server(*flags, environment=settings)
        answer = self.call("POST", "/setup", {
            "server_name": "Atölye", "username": "sahip", "password": PASSWORD, "locale": "tr"})
        assert answer.status == 201, answer
        self.owner = Member(self, answer)
        channels = self.owner.get("/channels")["channels"]
        self.text = next(channel["id"] for channel in channels if channel["type"] == "text")
        self.voice = next(channel["id"] for channel in channels if channel["type"] == "voice")

    def call(self, method: str, path: str, body=None, token: str | None = None, **headers) -> Answer:
        """One request on a connection of its own. `body`: bytes as they are, everything else as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.http, timeout=20)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            fields.setdefault("Content-Type", "application/json")
        connection.request(method, "/api" + path, body=body, headers=fields)
        try:
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def join(self, name: str, roles: list[str] | None = None) -> Member:
        """A new member, by an invitation of the owner."""
        invite = self.owner.post("/invites")
        assert invite.status == 201, invite
        answer = self.call("POST", "/auth/register", {
            "username": name, "password": PASSWORD, "invite_code": invite["invite"]["code"]})
        assert answer.status == 201, answer
        member = Member(self, answer)
        if roles:
            given = self.owner.call("PUT", f"/users/{member.id}/roles", {"roles": roles})
            assert given.status == 200, given
        return member

    def role(self, name: str) -> str:
        return next(role["id"] for role in self.owner.get("/roles")["roles"] if role["name"] == name)

    def stop(self):
        code = self.server.stop()
        assert code == 0, f"mqvi ended with {code}:\n{self.server.output()}"
