"""Programs that take part, over real HTTP: a bot, a webhook into a channel, and a server that is told what happens."""

import base64
import hashlib
import hmac
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from community import Community


@pytest.fixture
def community():
    running = Community(environment={"MQVI_WEBHOOK_PRIVATE": "1"})
    yield running
    running.stop()


class Receiver:
    """A server on loopback that keeps what it is told; the first answers can be refusals."""

    def __init__(self, refusals: int = 0):
        self.told: queue.Queue = queue.Queue()
        self.refusals = refusals
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.told.put((dict(self.headers.items()), body))
                refuses, receiver.refusals = receiver.refusals > 0, receiver.refusals - 1
                self.send_response(503 if refuses else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self, timeout: float = 15):
        return self.told.get(timeout=timeout)


def test_a_server_is_told_with_a_signature_that_fits(community):
    receiver = Receiver()
    made = community.owner.post("/hooks", {"url": receiver.url, "events": ["message_create"]})
    assert made.status == 201, made
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    community.owner.post(f"/channels/{community.text}/messages", {"content": "selam dünya"})
    headers, body = receiver.next()
    fields = {name.lower(): value for name, value in headers.items()}
    signed = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert fields["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body)["data"]["message"]["content"] == "selam dünya"


def test_a_delivery_that_was_refused_comes_again_under_its_id(community):
    receiver = Receiver(refusals=1)
    community.owner.post("/hooks", {"url": receiver.url, "events": ["message_create"]})
    community.owner.post(f"/channels/{community.text}/messages", {"content": "bir"})
    first = {name.lower(): value for name, value in receiver.next()[0].items()}
    again = {name.lower(): value for name, value in receiver.next(30)[0].items()}
    assert first["webhook-id"] == again["webhook-id"]


def test_a_webhook_writes_into_its_channel_until_it_is_removed(community):
    made = community.owner.post(f"/channels/{community.text}/webhooks", {"name": "Derleme"})
    path = made["url"].split("/api", 1)[1]
    assert community.call("POST", path, {"content": "bitti"}).status == 201
    newest = community.owner.get(f"/channels/{community.text}/messages?limit=1")["messages"][0]
    assert newest["webhook"]["name"] == "Derleme"
    community.owner.call("DELETE", f"/webhooks/{made['webhook']['id']}")
    assert community.call("POST", path, {"content": "yine"}).status == 404


def test_a_bot_writes_with_its_token_and_not_without_its_scope(community):
    made = community.owner.post("/bots", {"username": "robot", "scopes": ["messages.write"]})
    token = made["token"]

    def as_bot(method, path, body=None):
        return community.call(method, path, body, Authorization=f"Bot {token}")

    assert as_bot("POST", f"/channels/{community.text}/messages", {"content": "merhaba"}).status == 201
    assert as_bot("GET", "/audit-log").status == 403
    community.owner.call("DELETE", f"/bots/{made['bot']['user']['id']}")
    assert as_bot("POST", f"/channels/{community.text}/messages", {"content": "hâlâ"}).status == 401
