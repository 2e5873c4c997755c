"""A headless Chromium for tests of pages: the one that is installed, with nothing downloaded and no
network.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update"
    " --disable-sync --disable-dev-shm-usage --window-size=1200,800"
).split()


def missing() -> str:
    """What a test of a page lacks here; empty where all is there."""
    if importlib.util.find_spec("selenium") is None:
        return "selenium, of the extra `dev`, is not installed"
    return (
        ""
        if _program() and shutil.which("chromedriver")
        else "chromium and chromedriver are not installed"
    )


def _program() -> str | None:
    return (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )


class Page:
    """A loaded page. Everything is done as a reader does it: by keys and by the mouse."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path) -> None:
        self.requests()  # what came before is somebody else's
        self.driver.get_log("browser")
        self.driver.get(path.as_uri())

    def ask(self, script: str, *args: Any) -> Any:
        """The value of a JavaScript expression; `arguments` are the further ones."""
        return self.driver.execute_script(f"return {script}", *args)

    def until(self, condition: str) -> None:
        """Waits for what the browser does in its own time, five seconds at most."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 5, poll_frequency=0.02).until(
            lambda _: self.ask(condition)
        )

    def console(self) -> list[str]:
        """What the page complained of: errors, warnings, refusals of its policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Everything that the page asked for."""
        events = [
            json.loads(entry["message"])["message"]
            for entry in self.driver.get_log("performance")
        ]
        return [
            e["params"]["request"]["url"]
            for e in events
            if e["method"] == "Network.requestWillBeSent"
        ]

    def click(self, selector: str) -> None:
        self.driver.find_element("css selector", selector).click()

    def keys(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        chain = ActionChains(self.driver, duration=0)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def mouse(
        self,
        x: float,
        y: float,
        *,
        drag: tuple[int, int] | None = None,
        click: bool = False,
    ) -> None:
        """Moves the pointer to a point of the window; from there it may drag or click."""
        from selenium.webdriver import ActionChains

        chain = ActionChains(self.driver, duration=0)
        chain.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        if drag is not None:
            chain.click_and_hold().move_by_offset(*drag).release()
        elif click:
            chain.click()
        chain.perform()

    def wheel(self, x: float, y: float, by: int) -> None:
        from selenium.webdriver import ActionChains
        from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

        origin = ScrollOrigin.from_viewport(round(x), round(y))
        ActionChains(self.driver, duration=0).scroll_from_origin(origin, 0, by).perform()

    def media(self, kind: str = "", **features: str) -> None:
        """Emulates a medium and what its reader prefers: `prefers_color_scheme="dark"`."""
        wanted = [
            {"name": name.replace("_", "-"), "value": value}
            for name, value in features.items()
        ]
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": kind, "features": wanted}
        )

    def scripts(self, on: bool) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setScriptExecutionDisabled", {"value": not on}
        )


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """A browser with this empty folder as its profile; it ends with the block."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = _program() or ""
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=Service(shutil.which("chromedriver"))
    )
    try:
        yield Page(driver)
    finally:
        driver.quit()
