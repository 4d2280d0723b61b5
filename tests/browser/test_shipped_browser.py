"""The pages of every shipped study, and the index, in a browser: accessible in light and dark, whole at 390 px."""

import browser
import pytest

pytestmark = pytest.mark.skipif(bool(browser.absent()), reason=browser.absent() or "there is a browser")

OPEN = "for (const details of document.querySelectorAll('main details')) details.open = true"
WIDE = """return [...document.querySelectorAll("main table, main svg")]
            .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map((one) => one.id || one.className)"""
SCROLLS = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
NARROW = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
MOST = 4e6  # bytes of the reports of all shipped studies together


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with browser.open_browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def pages(results):
    """The report of each study, the pages of its checks, and the index; of studies that were retrieved none."""
    retrieved = {"acupuncture_headache", "elisa_plates", "mouse_cortex_proteins", "ovariectomy_behaviour"}
    reports = [path for path in sorted(results.glob("*/report.html")) if path.parent.name not in retrieved]
    return [*reports, *sorted((results / "validation").glob("*.html")), results / "index.html"]


def test_axe_finds_nothing_and_nothing_is_cut_on_a_narrow_screen(shipped_results, driver):
    for path in pages(shipped_results / "results"):
        browser.in_dark(driver, False)
        driver.get(path.as_uri())
        driver.execute_script(OPEN)
        assert browser.accessibility(driver) == [], path
        browser.in_dark(driver, True)
        assert browser.accessibility(driver, "color-contrast") == [], path
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", NARROW)
        assert not driver.execute_script(SCROLLS) and driver.execute_script(WIDE) == [], path
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        assert browser.console(driver) == []


def test_the_reports_are_small(shipped_results):
    reports = [path for path in pages(shipped_results / "results") if path.name == "report.html"]
    assert len(reports) == 6 and sum(path.stat().st_size for path in reports) < MOST
