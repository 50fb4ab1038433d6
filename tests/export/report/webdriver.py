"""A headless Chromium by the W3C's WebDriver protocol, which is JSON over HTTP: no package is needed for it."""

import json
import shutil
import subprocess
import urllib.request

import pytest

SWITCHES = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


class Browser:
    """One page in a browser of its own, whose profile is an empty folder."""

    def __init__(self, profile):
        driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
        if driver is None or browser is None:
            pytest.skip("there is no chromium with its chromedriver on this machine")
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True)
        started = next(line for line in self.process.stdout if "successfully on port" in line)
        port = started.rstrip(".\n").rpartition(" ")[2]
        self.at = f"http://127.0.0.1:{port}/session"
        options = {"binary": browser, "args": [*SWITCHES, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        try:
            self.at += "/" + self._ask("", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        except BaseException:
            self.process.kill()
            raise

    def _ask(self, path, body, method="POST"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.at + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, path):
        self._ask("/url", {"url": path.as_uri()})

    def run(self, script, *args):
        """What a function body of JavaScript returns."""
        return self._ask("/execute/sync", {"script": script, "args": list(args)})

    def press(self, selector, keys):
        """Press keys in the element that a selector of CSS finds."""
        (element,) = self._ask("/element", {"using": "css selector", "value": selector}).values()
        self._ask(f"/element/{element}/value", {"text": keys})

    def wide(self, width):
        """Give the page so many pixels, as a telephone has."""
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        self._ask("/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics})

    def said(self):
        """The console's messages."""
        return [each["message"] for each in self._ask("/se/log", {"type": "browser"})]

    def asked_for(self):
        """The addresses that the page has asked for, besides its own."""
        asked = self.run("return performance.getEntriesByType('resource').map(each => each.name)")
        return [address for address in asked if not address.startswith("data:")]

    def close(self):
        try:
            self._ask("", None, "DELETE")
        finally:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process.stdout.close()
