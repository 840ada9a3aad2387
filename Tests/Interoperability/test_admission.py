"""Who gets in: tokens, paths and texts as the reference server has them (checklist A)."""

import base64
import gzip
import json
import socket
import time
import urllib.error
import urllib.request

import jwt
import pytest
from livekit.protocol import rtc as messages
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from conftest import KEY, SECRET, token


@pytest.fixture
def server(shared):
    return shared


def signed(secret=SECRET, algorithm="HS256", **changes):
    now = int(time.time())
    claims = {
        "iss": KEY, "sub": "alice", "nbf": now - 5, "exp": now + 600, "video": {"roomJoin": True, "room": "r"},
        **changes}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, algorithm=algorithm)


def get(url, method="GET", **headers):
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


now = int(time.time())
refused = [
    ("no token", None, 401, "no permissions to access the room"),
    ("garbage", "garbage", 401, "invalid authorization token"),
    ("wrong secret", signed("another-secret-of-sufficient-length-0123456789"), 401, "invalid authorization token"),
    ("unknown key", signed(iss="APIother"), 401, "invalid API key"),
    ("expired", signed(exp=now - 120), 401, "invalid authorization token"),
    ("not yet", signed(nbf=now + 3_600), 401, "invalid authorization token"),
    ("without exp", signed(exp=None), 401, "invalid authorization token"),
    ("no join", signed(video={"room": "r"}), 401, "permissions denied"),
    ("no room", signed(video={"roomJoin": True}), 400, "no room name"),
    ("no identity", signed(sub=""), 400, "identity cannot be empty"),
    ("long identity", signed(sub="x" * 257), 400, ""),
    ("long room", signed(video={"roomJoin": True, "room": "r" * 257}), 400, ""),
]


@pytest.mark.parametrize("path", ["/rtc", "/rtc/v1"])
@pytest.mark.parametrize("made,status,text", [row[1:] for row in refused], ids=[row[0] for row in refused])
def test_refusals_are_the_same_before_the_upgrade_and_on_validate(server, path, made, status, text):
    query = "?join_request=" + join_request() + (f"&access_token={made}" if made else "")
    code, body, headers = get(f"{server.url}{path}/validate{query}")
    assert code == status and text in body
    assert headers["Access-Control-Allow-Origin"] == "*"
    with pytest.raises(InvalidStatus) as refusal:
        connect(f"{server.ws}{path}{query}")
    assert refusal.value.response.status_code == status
    assert refusal.value.response.body.decode() == body


def test_an_unsigned_token_is_refused(server):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"iss": KEY, "sub": "a", "exp": now + 600, "video": {"roomJoin": True, "room": "r"}}
    unsigned = part({"alg": "none", "typ": "JWT"}) + "." + part(claims) + "."
    assert get(f"{server.url}/rtc/validate?access_token={unsigned}")[0] == 401


@pytest.mark.parametrize("claim,seconds", [("exp", -30), ("nbf", 30)], ids=["expired", "not yet"])
def test_clocks_may_differ_by_a_minute(server, claim, seconds):
    # By the clock of now, not of when the tests were collected: that may be minutes ago.
    made = signed(**{claim: int(time.time()) + seconds})
    assert get(f"{server.url}/rtc/validate?access_token={made}")[:2] == (200, "success")


def join_request(compress=False, standard=False, padded=True) -> str:
    inner = messages.JoinRequest()
    inner.client_info.sdk = messages.ClientInfo.SDK.Value("PYTHON") if hasattr(messages, "ClientInfo") else 9
    inner.client_info.protocol = 17
    inner.connection_settings.auto_subscribe = True
    data = inner.SerializeToString()
    wrapped = messages.WrappedJoinRequest(
        compression=1 if compress else 0, join_request=gzip.compress(data) if compress else data)
    encode = base64.b64encode if standard else base64.urlsafe_b64encode
    text = encode(wrapped.SerializeToString()).decode()
    return text if padded else text.rstrip("=")


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("standard", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_join_requests_in_every_encoding_are_read(server, compress, standard, padded):
    query = f"?join_request={join_request(compress, standard, padded)}&access_token={token('r', 'alice')}"
    with connect(f"{server.ws}/rtc/v1{query}") as client:
        first = messages.SignalResponse.FromString(client.recv(timeout=5))
        assert first.WhichOneof("message") == "join"
        assert first.join.participant.sid.startswith("PA_")
        assert first.join.ping_interval > 0 and first.join.server_info.version
        assert first.join.room.name == "r"


def test_a_join_request_of_garbage_is_a_clear_error(server):
    for bad in ("", "%%%", "AAAA"):
        code, _, _ = get(f"{server.url}/rtc/v1/validate?join_request={bad}&access_token={token('r', 'a')}")
        assert code == 400


def test_a_long_request_line_is_taken(server):
    made = token("r", "alice", metadata="m" * 16_000)
    with connect(f"{server.ws}/rtc?access_token={made}") as client:
        assert messages.SignalResponse.FromString(client.recv(timeout=5)).WhichOneof("message") == "join"


def test_a_token_in_the_header_and_a_doubled_slash_work(server):
    with connect(f"{server.ws}//rtc", additional_headers={"Authorization": f"Bearer {token('r', 'alice')}"}) as client:
        assert messages.SignalResponse.FromString(client.recv(timeout=5)).WhichOneof("message") == "join"


def test_a_text_frame_switches_the_session_to_json(server):
    with connect(f"{server.ws}/rtc?access_token={token('r', 'alice')}") as client:
        client.recv(timeout=5)
        client.send(json.dumps({"pingReq": {"timestamp": "77", "rtt": "0"}}))
        for _ in range(20):
            frame = client.recv(timeout=5)
            if isinstance(frame, str) and "pongResp" in json.loads(frame):
                assert json.loads(frame)["pongResp"]["lastPingTimestamp"] == "77"
                return
        pytest.fail("no pong as JSON")


def test_unknown_requests_are_passed_over(server):
    with connect(f"{server.ws}/rtc?access_token={token('r', 'alice')}") as client:
        client.send(b"\xfa\x3e\x03abc")  # field 1007, length-delimited
        client.send(messages.SignalRequest(ping=5).SerializeToString())
        kinds = []
        while "pong" not in kinds:
            kinds.append(messages.SignalResponse.FromString(client.recv(timeout=5)).WhichOneof("message"))


def test_a_frame_beyond_the_limit_closes_that_socket_only(server):
    with connect(f"{server.ws}/rtc?access_token={token('r', 'alice')}", max_size=None) as client:
        with pytest.raises(Exception):
            client.send(b"\x00" * (3 << 20))
            while True:
                client.recv(timeout=5)
    assert get(f"{server.url}/healthz")[0] == 200


def test_health_and_unknown_paths(server):
    assert get(server.url + "/")[:2] == (200, "OK")
    assert get(server.url + "/", method="HEAD")[0] == 200
    assert get(server.url + "/healthz")[0] == 200
    assert get(server.url + "/nothing")[0] == 404
    assert get(server.url + "/rtc")[0] == 404
    assert get(server.url + "/../../etc/passwd")[0] in (400, 404)
    assert get(server.url + "/settings/regions")[0] == 404


def test_browsers_of_any_origin_may_ask(server):
    code, _, headers = get(
        server.url + "/twirp/livekit.RoomService/ListRooms", method="OPTIONS", Origin="https://elsewhere.example",
        **{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"})
    assert code in (200, 204)
    assert headers["Access-Control-Allow-Origin"] in ("*", "https://elsewhere.example")


def test_metrics_are_counted(server):
    code, body, _ = get(server.url + "/metrics")
    assert code == 200 and "# TYPE mqvi_" in body


def test_half_open_and_slow_sockets_do_not_stop_the_others(server):
    idle = [socket.create_connection(("127.0.0.1", server.http)) for _ in range(200)]
    for number, quiet in enumerate(idle):
        if number % 2:
            quiet.sendall(b"GET /rtc HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert get(server.url + "/healthz")[0] == 200
    with connect(f"{server.ws}/rtc?access_token={token('r', 'alice')}") as client:
        client.recv(timeout=5)
    for quiet in idle:
        quiet.close()
