"""A headless Chromium for the tests of the report: offline, with an empty profile, driven from disk."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def absent() -> str:
    """Why there is no browser to test with; "" if there is one."""
    missing = [str(path) for path in (CHROMIUM, DRIVER) if not path.exists()]
    return f"{' and '.join(missing)} not installed (apt-get install chromium chromium-driver)" if missing else ""


@contextmanager
def open_browser(profile: Path, width: int = 1280, height: int = 900) -> Iterator[Any]:
    """A browser with a new profile in an empty folder; console and network logs are kept."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        driver.get("about:blank")
        requests(driver)  # those of the browser's own first page
        yield driver
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # selenium leaves its sockets to the collector
            driver.quit()


def console(driver: Any) -> list[str]:
    """The messages of the console since the last call."""
    return [f"{entry['level']}: {entry['message']}" for entry in driver.get_log("browser")]


def requests(driver: Any) -> list[str]:
    """The addresses asked for since the last call; images inside the page (data:) do not count."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [address for address in sent if not address.startswith("data:")]


def in_dark(driver: Any, is_dark: bool) -> None:
    """Show pages as a reader sees them who prefers dark ones, or light ones."""
    features = [{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def accessibility(driver: Any, *rules: str) -> list[str]:
    """What axe-core finds on the page that is moderate or worse: impact, rule, and the first element.

    ``rules``: those alone; none: all that it has by default, and ``label-content-name-mismatch``.
    """
    from importlib.resources import files

    driver.set_script_timeout(600)
    driver.command_executor.client_config.timeout = 600
    driver.execute_script((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8"))
    script = "const done = arguments[1]; axe.run(arguments[0]).then((found) => done(found.violations))"
    options: dict[str, Any] = {"resultTypes": ["violations"]}  # of a large page the rest takes minutes
    options |= {"runOnly": rules} if rules else {"rules": {"label-content-name-mismatch": {"enabled": True}}}
    found = driver.execute_async_script(script, options)
    return [f"{v['impact']} {v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["impact"] != "minor"]
