"""`mqvi top` as an administrator sees it: a table of a room with somebody in it, and plain words when there is no server."""

import asyncio
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from conftest import BINARY, KEY, SECRET, free_port, token
from sdk import Client, Tone, run

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("MQVI_")},
    "MQVI_API_KEY": KEY, "MQVI_API_SECRET": SECRET,
}


def top(*arguments: str, **changed: str) -> tuple[int, str]:
    """Its exit status and everything it printed."""
    done = subprocess.run(
        [str(BINARY), "top", *arguments], env={**ENVIRONMENT, **changed}, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


def test_once_shows_rooms_tracks_and_what_a_packet_costs(server, room):
    async def scenario():
        ann = await Client().connect(server.ws, token(room, "ann"))
        await Client().connect(server.ws, token(room, "bob"))
        await Tone(440).publish(ann)
        # Rates of a track are those of the last five seconds.
        for _ in range(20):
            await asyncio.sleep(1)
            code, text = await asyncio.to_thread(top, "--once", "--url", server.url)
            assert code == 0, text
            if re.search(r"ann mic +(opus|red) .*[1-9]\d*k", text):
                break
        lines = text.splitlines()
        assert all(len(line) <= 80 for line in lines), "it fits 80 columns"
        assert re.match(r"mqvi  up \d+ s  1 room  2 participants  CPU [\d.]+ %  memory \d+ MB", lines[0])
        assert f"{room[:20]}" in text and "(2 participants)" in text
        assert re.search(r"ann mic +(opus|red) .*[1-9]\d*k", text), text
        shard = next(line for line in lines if line.startswith("0 "))
        assert re.search(r"^0 +[\d.]+ +[\d.]+ +<\S+ +<?\S+ +[1-9]\d* +[1-9]\d*", shard), shard

    run(scenario())


def test_on_a_terminal_it_goes_on_until_q_and_gives_the_screen_back(server):
    process, terminal = pty.fork()
    if process == 0:
        os.execve(str(BINARY), [str(BINARY), "top", "--url", server.url], ENVIRONMENT)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 80, 0, 0))
    shown = b""
    deadline = time.monotonic() + 15
    while shown.count(b"mqvi  up") < 2 and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536)
    assert shown.count(b"mqvi  up") >= 2, shown
    assert b"no rooms" in shown
    os.write(terminal, b"q")
    _, status = os.waitpid(process, 0)
    assert status == 0
    while select.select([terminal], [], [], 0.2)[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            break
    assert shown.endswith(b"\x1b[?25h\x1b[?1049l"), "cursor and screen are back"
    os.close(terminal)


def test_what_is_wrong_is_said_in_words(server):
    code, text = top("--once", "--url", f"http://127.0.0.1:{free_port()}")
    assert code == 1 and "no server answers at 127.0.0.1" in text
    code, text = top("--once", "--url", server.url, MQVI_API_SECRET="another-secret-of-at-least-32-bytes-length")
    assert code == 1 and "401" in text and "token" in text
    code, text = top("--twice", "--url", server.url)
    assert code == 2 and "--twice is not an option" in text
