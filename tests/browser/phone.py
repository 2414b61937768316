"""A person at the phone: drives the page in a headless Chromium as a thumb would."""

from __future__ import annotations

import base64
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

PATIENCE = 15.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--lang=en-IN",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
_Found = TypeVar("_Found")


def missing_browser() -> str:
    """Return why no browser can be driven here, or an empty string."""
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        return "Chromium isn't installed (apt-get install chromium chromium-driver)"
    return (
        ""
        if shutil.which("chromedriver")
        else "chromedriver isn't installed (apt-get install chromium-driver)"
    )


class Phone:
    """One browser window of 390×844 (or another size) showing `/phone` of the api at `url`."""

    def __init__(self, url: str, *, width: int = 390, height: int = 844, dark: bool = False) -> None:
        """Start a browser; call `close` when done, or use it as a context manager."""
        self._url = url
        self._profile = tempfile.mkdtemp(prefix="phone-browser-")
        options = Options()
        options.binary_location = shutil.which("chromium") or shutil.which("chromium-browser") or ""
        for flag in (*FLAGS, f"--user-data-dir={self._profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.resize(width, height)
        if dark:
            scheme = [{"name": "prefers-color-scheme", "value": "dark"}]
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})

    def __enter__(self) -> Phone:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and remove its profile."""
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def resize(self, width: int, height: int) -> None:
        """Give the page exactly this many CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, as_: str = "owner", *, start: str = "") -> None:
        """Open the chat as one of the people, maybe by a deep link; returns when the chat is shown."""
        query = urlencode({"as": as_, **({"start": start} if start else {})})
        self.driver.get(f"{self._url}/phone?{query}")
        self.until(self.connected, "the page never connected")

    def connected(self) -> bool:
        """Say whether the page follows the chat."""
        return self.driver.find_element(By.ID, "status").get_attribute("data-line") == "open"

    def press_start(self) -> None:
        """Tap the big START button."""
        self.driver.find_element(By.ID, "start").click()

    def send(self, text: str) -> None:
        """Type a message and press Enter (a line break is typed with Shift)."""
        field = self._visible("text")
        for at, line in enumerate(text.split("\n")):
            field.send_keys(*((Keys.SHIFT, Keys.ENTER, Keys.NULL) if at else ()), line)
        field.send_keys(Keys.ENTER)
        self.until(lambda: not field.get_attribute("value"), "the message was not taken")

    def attach(self, path: Path, *, caption: str = "", photo: bool = False) -> None:
        """Attach a file or a photo and send it."""
        self._visible("text")
        self.driver.find_element(By.ID, "photo" if photo else "file").send_keys(str(path))
        field = self._visible("text")
        field.send_keys(caption, Keys.ENTER)
        attached = self.driver.find_element(By.ID, "attached")
        self.until(lambda: not attached.is_displayed(), "the file was not taken")

    def messages(self) -> list[str]:
        """Return what each bubble says, oldest first, with the time it shows."""
        script = "return [...document.querySelectorAll('.bubble')].map((one) => one.innerText)"
        said: list[str] = self.driver.execute_script(script)
        return said

    def wait_text(self, text: str, *, patience: float = PATIENCE) -> str:
        """Wait until a bubble contains `text`; return all that the newest such bubble says."""
        return self.until(
            lambda: next((said for said in reversed(self.messages()) if text in said), ""),
            f"nobody said {text!r}",
            patience,
        )

    def wait_gone(self, text: str, *, patience: float = PATIENCE) -> None:
        """Wait until no bubble contains `text` any more."""
        self.until(lambda: not any(text in said for said in self.messages()), f"{text!r} stayed", patience)

    def wait_toast(self, text: str, *, patience: float = PATIENCE) -> str:
        """Wait until the floating line contains `text`; return it."""
        toast = self.driver.find_element(By.CSS_SELECTOR, "#toast")
        return self.until(
            lambda: toast.text if text in toast.text else "", f"no toast said {text!r}", patience
        )

    def buttons(self) -> list[str]:
        """Return the labels of the newest message that has buttons."""
        script = (
            "const keys = [...document.querySelectorAll('.keys')].at(-1);"
            "return keys ? [...keys.querySelectorAll('.key')].map((key) => key.innerText) : []"
        )
        labels: list[str] = self.driver.execute_script(script)
        return labels

    def tap(self, label: str, *, patience: float = PATIENCE) -> None:
        """Tap the newest button with this label, as soon as there is one."""

        script = (
            "const key = [...document.querySelectorAll('.key')]"
            ".findLast((key) => key.innerText.trim() === arguments[0]);"
            "key?.scrollIntoView({block: 'center'}); return key"
        )

        def tapped() -> bool:
            key = self.driver.execute_script(script, label)
            if key is None:
                return False
            key.click()
            return True

        self.until(tapped, f"there is no button {label!r}", patience)

    def address(self, label: str) -> str:
        """Return where the newest button with this label leads, as soon as there is one."""
        script = (
            "return [...document.querySelectorAll('a.key')]"
            ".findLast((key) => key.innerText.trim() === arguments[0])?.href ?? ''"
        )
        return self.until(
            lambda: str(self.driver.execute_script(script, label)), f"there is no link {label!r}"
        )

    def download(self) -> bytes:
        """Return the newest file of the chat, fetched by the page itself."""
        script = """
            const done = arguments[arguments.length - 1];
            fetch([...document.querySelectorAll('a.paper')].at(-1).href)
              .then((reply) => reply.blob())
              .then((blob) => { const read = new FileReader(); read.onload = () => done(read.result); read.readAsDataURL(blob); });
        """
        said: str = self.driver.execute_async_script(script)
        return base64.b64decode(said.partition(",")[2])

    def busy_buttons(self) -> list[str]:
        """Return the labels of the buttons that wait for an answer."""
        script = "return [...document.querySelectorAll('.key[aria-busy=true]')].map((key) => key.innerText)"
        labels: list[str] = self.driver.execute_script(script)
        return labels

    def status(self) -> str:
        """Return the line below the name: online, typing… and so on."""
        return self.driver.find_element(By.ID, "status").text

    def complaints(self) -> list[str]:
        """Return what the browser complained of: script errors, refused styles or sources."""
        log: list[dict[str, Any]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in log if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path: Path) -> None:
        """Write what the window shows to a PNG."""
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        path.write_bytes(base64.b64decode(shot["data"]))

    def _visible(self, id_: str) -> WebElement:
        element = self.driver.find_element(By.ID, id_)
        self.until(element.is_displayed, f"#{id_} is not shown")
        return element

    def until(self, look: Callable[[], _Found], otherwise: str, patience: float = PATIENCE) -> _Found:
        """Look until what is found is true; fail with `otherwise` and the end of the chat."""
        deadline = time.monotonic() + patience
        while True:
            try:
                found = look()
            except StaleElementReferenceException:
                found = None
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{otherwise}; the chat says: {[one[:200] for one in self.messages()[-4:]]}"
                )
            time.sleep(0.05)
