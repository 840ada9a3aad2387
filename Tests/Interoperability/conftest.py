"""What every scenario against the real server needs: a server of its own, tokens, and browsers that are not ours.

One scenario runs with one command:  .venv/bin/python -m pytest Tests/Interoperability -k NAME -s
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("MQVI_BINARY", ROOT / ".build/release/mqvi"))
# Where media flows. Another address than loopback only inside a network namespace of the tests' own.
MEDIA_ADDRESS = os.environ.get("TEST_MEDIA_ADDRESS", "127.0.0.1")
KEY = "APItest"
SECRET = "a-secret-for-tests-only-0123456789abcdef"


def free_port(kind=socket.SOCK_STREAM) -> int:
    """A port that nobody listens on, taken from the kernel."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One mqvi process with its own data directory and ports on loopback."""

    def __init__(self, *flags: str, environment: dict[str, str] | None = None, shards: int = 1):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="mqvi-test-"))
        self.http = free_port()
        self.udp = free_port(socket.SOCK_DGRAM)
        self.tcp = free_port()
        self.url = f"http://127.0.0.1:{self.http}"
        self.ws = f"ws://127.0.0.1:{self.http}"
        self.lines: list[str] = []
        self.listening = threading.Event()
        settings = {
            "MQVI_DATA": str(self.data / "mqvi"),
            "MQVI_HTTP_PORT": str(self.http),
            "MQVI_UDP_PORT": str(self.udp),
            "MQVI_TCP_PORT": str(self.tcp),
            "MQVI_BIND": "127.0.0.1" if MEDIA_ADDRESS == "127.0.0.1" else "0.0.0.0",
            "MQVI_ADVERTISED_ADDRESSES": MEDIA_ADDRESS,
            "MQVI_API_KEY": KEY,
            "MQVI_API_SECRET": SECRET,
            "MQVI_SHARDS": str(shards),
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MQVI_")}
        self.process = subprocess.Popen(
            [str(BINARY), "serve", *flags],
            env={**inherited, **settings, **(environment or {})},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        if not self.listening.wait(10):
            raise RuntimeError(f"mqvi did not say that it listens:\n{self.output()}")

    def _read(self):
        """Keeps what the process says; the line with its address means that it listens."""
        for line in self.process.stdout:
            self.lines.append(line)
            if f":{self.http}" in line:
                self.listening.set()
        self.listening.set()

    def output(self) -> str:
        return "".join(self.lines)

    def resident_kilobytes(self) -> int:
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(
                    "SIGTERM did not end the server within 10 s:\n" + self.output())
        code = self.process.returncode
        shutil.rmtree(self.data, ignore_errors=True)
        return code


def token(room: str, identity: str, **grants) -> str:
    """An access token made by LiveKit's own library, not by ours."""
    from livekit import api

    video = {"room_join": True, "room": room, **grants.pop("video", {})}
    made = api.AccessToken(KEY, SECRET).with_identity(identity).with_name(grants.pop("name", identity))
    made = made.with_grants(api.VideoGrants(**video))
    if "metadata" in grants:
        made = made.with_metadata(grants.pop("metadata"))
    if "attributes" in grants:
        made = made.with_attributes(grants.pop("attributes"))
    assert not grants, f"unknown: {grants}"
    return made.to_jwt()


@pytest.fixture
def server():
    """A server for this test alone."""
    running = Server()
    yield running
    code = running.stop()
    assert code == 0, f"mqvi ended with {code}"


@pytest.fixture(scope="session")
def one_server():
    running = Server()
    yield running
    code = running.stop()
    assert code == 0, f"mqvi ended with {code}"


@pytest.fixture
def shared(one_server):
    """One server for all tests that keep to a room of their own. It must live through each of them."""
    yield one_server
    assert one_server.process.poll() is None, one_server.output()


@pytest.fixture
def room(request):
    """The name of a room that no other test uses."""
    return request.node.name
