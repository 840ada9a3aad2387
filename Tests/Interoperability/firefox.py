"""Firefox over raw WebDriver BiDi: Debian has no geckodriver, and the protocol is one socket with JSON on it."""

import itertools
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

import websocket

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.getusermedia.insecure.enabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "intl.accept_languages": "en-US",
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
}


class Firefox:
    """One headless Firefox with one tab."""

    def __init__(self):
        self.profile = pathlib.Path(tempfile.mkdtemp(prefix="mqvi-firefox-"))
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (self.profile / "user.js").write_text("\n".join(lines))
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--remote-debugging-port", "0", "--profile", str(self.profile), "about:blank"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        address = None
        for line in self.process.stderr:
            if found := re.search(r"ws://\S+", line):
                address = found.group(0)
                break
        assert address, "Firefox did not say where it listens"
        self.socket = websocket.create_connection(address + "/session", timeout=40, suppress_origin=True)
        self.numbers = itertools.count(1)
        self.command("session.new", capabilities={})
        self.tab = self.command("browsingContext.getTree")["contexts"][0]["context"]

    def command(self, method, **parameters):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, url):
        self.command("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def evaluate(self, expression):
        """The value of an expression, awaited; it travels as JSON."""
        result = self.command(
            "script.evaluate", expression=f"(async () => JSON.stringify(await ({expression})))()", awaitPromise=True,
            target={"context": self.tab})
        assert result["type"] == "success", result
        return json.loads(result["result"].get("value", "null"))

    def wait_for(self, expression, deadline=20):
        """Waits in the page until the expression is true, and returns its value."""
        value = self.evaluate(
            f"""(async () => {{
              const end = performance.now() + {deadline * 1000}
              for (;;) {{
                const value = await ({expression})
                if (value) return value
                if (performance.now() > end) return null
                await new Promise(resolve => setTimeout(resolve, 50))
              }}
            }})()""")
        assert value, f"not within {deadline} s: {expression}"
        return value

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.profile, ignore_errors=True)


FILL = """(() => {
  const set = (id, value) => {
    const field = document.getElementById(id)
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, value)
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }
  set('name', NAME); set('room', 'team')
  return true
})()"""


def join(firefox, server, name):
    """Enters the room `team` through the page."""
    firefox.open(server.url + "/#team")
    firefox.wait_for("document.getElementById('join') !== null")
    firefox.wait_for("document.querySelector('.meter') !== null")
    firefox.evaluate(FILL.replace("NAME", json.dumps(name)))
    firefox.wait_for("!document.getElementById('join').disabled")
    firefox.evaluate("(document.getElementById('join').click(), true)")
    firefox.wait_for("mqvi.room.get().connection === 'connected'")
