"""A headless Chromium, driven by the DevTools protocol over a WebSocket: as much of it as our pages need."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from httpx_ws import connect_ws

SECONDS = 30.0
KEYS = {"Tab": 9, "ArrowRight": 39, "ArrowLeft": 37, "ArrowUp": 38, "ArrowDown": 40, "Enter": 13, "End": 35, "Home": 36}


class Page:
    """One open page. `problems` are what its console and its network complained of.

    `passwords` are typed one after the other when the browser asks its user for one; then the user gives up.
    """

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.problems: list[str] = []
        self.addresses: list[str] = []
        self.passwords: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> Any:
        self._post(method, **parameters)
        number = self._number
        while True:
            message = json.loads(self._socket.receive_text(timeout=SECONDS))
            self._note(message)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.problems.append(parameters["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(str(parameters["exceptionDetails"]))
        elif method == "Network.requestWillBeSent":
            self.addresses.append(parameters["request"]["url"])
        elif method == "Fetch.requestPaused":
            self._post("Fetch.continueRequest", requestId=parameters["requestId"])
        elif method == "Fetch.authRequired":
            typed = {"username": "anyone", "password": self.passwords.pop(0)} if self.passwords else {}
            answer = {"response": "ProvideCredentials" if typed else "CancelAuth", **typed}
            self._post("Fetch.continueWithAuth", requestId=parameters["requestId"], authChallengeResponse=answer)

    def _post(self, method: str, **parameters: Any) -> None:
        """Send, and do not wait for what comes of it."""
        self._number += 1
        self._socket.send_text(json.dumps({"id": self._number, "method": method, "params": parameters}))

    def type_passwords(self, *passwords: str) -> None:
        """From now on the browser's user answers with these."""
        self.passwords[:] = passwords
        self.send("Fetch.enable", handleAuthRequests=True)

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)

    def js(self, expression: str) -> Any:
        """The value of an expression; a promise is waited for."""
        reply = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def wait(self, condition: str) -> None:
        end = time.monotonic() + SECONDS
        while not self.js(condition):
            assert time.monotonic() < end, (
                f"{condition} did not become true; the page says {self.js('document.body.innerText')}"
            )
            time.sleep(0.05)

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
                self.send(
                    "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key], **text
                )

    def press_with_control(self, letter: str, command: str) -> None:
        """Ctrl and a letter, and the command of the editor that a keyboard's layout binds to it."""
        named = {"key": letter, "code": f"Key{letter.upper()}", "windowsVirtualKeyCode": ord(letter.upper())}
        self.send("Input.dispatchKeyEvent", type="keyDown", modifiers=2, commands=[command], **named)
        self.send("Input.dispatchKeyEvent", type="keyUp", modifiers=2, **named)

    def type(self, text: str) -> None:
        self.send("Input.insertText", text=text)

    def size(self, width: int, height: int, phone: bool = False) -> None:
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def dark(self, dark: bool) -> None:
        value = "dark" if dark else "light"
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def picture(self, path: Path) -> None:
        reply = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(reply["data"]))


def chromium() -> str | None:
    """Where a Chromium is, if there is one."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def open_page(program: str, folder: Path) -> Iterator[Page]:
    """A page of a browser of its own, ended afterwards."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio"]
    command = [program, *flags, *quiet, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with httpx.Client() as client, connect_ws(_address(folder, process), client) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(folder: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + SECONDS
    port_file = folder / "DevToolsActivePort"
    while not (port_file.exists() and port_file.read_text().count("\n")):
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < end, "the browser does not start"
        time.sleep(0.05)
    port = int(port_file.read_text().split("\n")[0])
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=SECONDS) as reply:
            pages = [target for target in json.load(reply) if target["type"] == "page"]
        if pages:
            return str(pages[0]["webSocketDebuggerUrl"])
        assert time.monotonic() < end, "the browser has no page"
