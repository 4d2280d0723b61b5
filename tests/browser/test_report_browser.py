"""The page in a browser: a click on a number shows exactly its raw rows; nothing is loaded or broken."""

import time

import browser
import pytest
from omtrace.provenance.keys import key_text
from report_study import HOSTILE, Study

pytestmark = pytest.mark.skipif(bool(browser.absent()), reason=browser.absent() or "there is a browser")

ROWS = """
const body = document.getElementById("panel-body");
body.scrollTop = body.scrollHeight;
const rows = document.getElementById("panel-rows");
if (rows.dataset.complete !== "true") return null;
return [...rows.rows].map((row) => ({
  key: row.dataset.key || null, column: row.dataset.column, reason: row.dataset.reason, state: row.dataset.state,
  unit: row.cells[0].textContent, text: row.cells[6].textContent, line: row.cells[8].textContent,
  used: row.cells[10].textContent,
}));
"""
OPEN = "return document.getElementById('panel').open"
BROKEN = """
return [window.broken === undefined, document.querySelectorAll("img").length,
        document.querySelectorAll("[onerror], [onfocus], :not(svg *)[x]").length];
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    study = Study(tmp_path_factory.mktemp("study"), repeats=8)
    study.write()
    return study


@pytest.fixture(scope="module")
def driver(study, tmp_path_factory):
    with browser.open_browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(study, driver):
    """The report, freshly opened; afterwards nothing was loaded and the console is silent."""
    driver.get("about:blank")
    browser.requests(driver), browser.console(driver)
    address = (study.folder / "report.html").as_uri()
    driver.get(address)
    yield driver
    assert driver.execute_script(BROKEN) == [True, 0, 0]
    assert {a.split("#")[0] for a in browser.requests(driver)} == {address}
    assert browser.console(driver) == []


def until(driver, script: str, *arguments):
    """What a script returns, as soon as it is neither false nor nothing."""
    for _ in range(300):
        found = driver.execute_script(script, *arguments)
        if found not in (None, False):
            return found
        time.sleep(0.02)
    raise AssertionError(f"never true: {script}")


def click(driver, identifier: str) -> None:
    """Click a number as a reader does: open what hides it, bring it into view."""
    button = driver.execute_script(
        """const button = document.querySelector(`main button[data-id="${arguments[0]}"]`);
           for (let d = button.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
           button.scrollIntoView({ block: "center" });
           return button;""",
        identifier,
    )
    button.click()
    until(
        driver, "const p = document.getElementById('panel'); return p.open && p.dataset.id === arguments[0]", identifier
    )


def press(driver, key: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(driver).send_keys(getattr(Keys, key)).perform()


def one_of(study: Study, analysis: str, statistic: str) -> str:
    return next(e[0] for e in study.estimates if e[1] == analysis and e[7] == statistic)


def test_a_click_shows_exactly_the_raw_rows_of_the_number(page, study):
    """For one number of each row set, and so of each analysis, parameter, visit and group."""
    numbers = {estimate[11]: estimate for estimate in study.estimates}
    assert {estimate[1] for estimate in numbers.values()} == set(study.plan.analyses)
    for estimate in numbers.values():
        click(page, estimate[0])
        rows = until(page, ROWS)
        seen = {(row["key"], row["column"], row["text"], row["reason"]) for row in rows if row["key"]}
        assert seen == study.expected(estimate[0]), estimate
        bare = {(row["unit"], row["text"], row["reason"]) for row in rows if not row["key"]}
        assert bare == study.without_cells(estimate[0]), estimate
        assert all(row["used"] == (row["reason"] or "used") for row in rows)
        press(page, "ESCAPE")
        until(page, "return !document.getElementById('panel').open")


def test_the_panel_tells_value_definition_and_units(page, study):
    identifier = one_of(study, "change", "p")
    click(page, identifier)
    facts = page.execute_script(
        """return Object.fromEntries([...document.querySelectorAll("#panel-facts > div")].map(
             (pair) => [pair.children[0].textContent, pair.children[1].innerText]))"""
    )
    assert facts["Shown as"] == "<0.001" and facts["Stored value"] == "0.00004"
    assert facts["Used"].startswith("23 ") and facts["Left out"] == "1 not collected"
    assert facts["Method"].startswith("What is done in change.") and facts["Population"] == "At least three sessions"
    text = page.execute_script("return document.getElementById('panel-call').textContent")
    assert "level0.95terms</script><script>window.broken = 1</script>" in text
    command = page.execute_script("return document.getElementById('panel-command').textContent")
    assert command == f"omtrace trace results/demo/report.html#{identifier}"
    title = page.execute_script("return document.getElementById('panel-title').textContent")
    assert title == "p, Headache score 1, Month 1, draw 0"


def test_used_and_left_out_can_be_told_apart(page, study):
    click(page, one_of(study, "change", "n"))
    for kind, states in (("used", {"used"}), ("excluded", {"excluded"}), ("all", {"used", "excluded"})):
        page.execute_script("document.querySelector(`input[value='${arguments[0]}']`).click()", kind)
        rows = until(page, ROWS)
        assert {row["state"] for row in rows} == states
        count = page.execute_script(f"return document.getElementById('count-{kind}').textContent")
        assert count.endswith(f"({len(rows)})")


def test_a_shared_standard_is_one_row_that_names_its_units(page, study):
    click(page, one_of(study, "assay", "mean"))
    rows = until(page, ROWS)
    assert len(rows) == len(study.units) + len(study.standards)
    shared = [row["unit"] for row in rows if row["key"] == "7:1"]
    assert shared == [f"{len(study.units)} units" + ", ".join(study.units)]


def test_raw_text_stands_as_it_is_and_lines_are_physical(page, study):
    of_all = (e[0] for e in study.estimates if e[1:3] == ("characteristics", "score_1") and e[4] == "all")
    click(page, next(of_all))
    rows = {row["key"]: row for row in until(page, ROWS) if row["column"] == "item_01"}
    places = {place[0]: place[3:5] for place in study.places}
    for unit, text in zip(study.units, HOSTILE, strict=False):
        key = study.form[unit, "baseline"]
        first, last = places[key]
        row = rows[key_text(key)]
        assert (row["text"], row["line"]) == (text, f"{first}" if first == last else f"{first}–{last}")
    assert any(first != last for first, last in places.values())


def test_a_mark_of_a_figure_opens_its_number_and_hovers_its_value(page):
    page.execute_script("location.hash = 'figure-course'")
    until(page, "return document.getElementById('figure-course').closest('details').open")
    mark = page.execute_script("return document.querySelector('#figure-course svg [data-id]')")
    assert page.execute_script("return arguments[0].querySelector('title').textContent", mark) == "A mark"
    identifier = mark.get_attribute("data-id")
    mark.click()
    until(page, "return document.getElementById('panel').dataset.id === arguments[0]", identifier)
    press(page, "ESCAPE")
    until(page, "return !document.getElementById('panel').open")
    assert page.execute_script("return document.getElementById('figure-course').getBoundingClientRect().bottom > 0")


def test_the_hash_opens_a_number_and_its_way_back(page, study):
    hidden = next(e[0] for e in study.estimates if e[1] == "change" and e[6] == "draw 7")
    address = page.current_url
    page.get("about:blank")
    page.get(f"{address}#{hidden}")
    until(page, OPEN)
    assert page.execute_script("return document.getElementById('panel').dataset.id") == hidden
    press(page, "ESCAPE")
    until(page, "return !document.getElementById('panel').open")
    until(page, "return location.hash === ''")
    assert page.execute_script("return document.activeElement.dataset.id") == hidden
    assert page.execute_script("return document.querySelector('details.large').open") is True
    page.execute_script("location.hash = arguments[0]", hidden)
    until(page, OPEN)
    page.back()
    until(page, "return !document.getElementById('panel').open")
    page.execute_script("location.hash = 'rows'")
    page.execute_script("location.hash = '%E0%A4%A'")
    assert page.execute_script(OPEN) is False


def test_the_keyboard_alone_is_enough(page, study):
    identifier = one_of(study, "comparison", "difference")
    page.execute_script("location.hash = 'analysis-comparison'")
    until(page, "return document.getElementById('analysis-comparison').closest('details').open")
    page.execute_script("document.querySelector(`button[data-id='${arguments[0]}']`).focus()", identifier)
    press(page, "ENTER")
    until(page, OPEN)
    assert page.execute_script("return document.activeElement.id") == "panel-title"
    reached = set()
    for _ in range(14):
        press(page, "TAB")
        assert page.execute_script("return document.activeElement.closest('main') === null")
        reached.add(page.execute_script("return document.activeElement.id || document.activeElement.name || ''"))
    assert {"panel-close", "panel-copy", "shown"} <= reached
    press(page, "ESCAPE")
    until(page, "return !document.getElementById('panel').open")
    assert page.execute_script("return document.activeElement.dataset.id") == identifier


def test_a_browser_that_cannot_unpack_the_rows_says_so_and_shows_everything_else(page, study):
    assert page.execute_script("return document.getElementById('closed').hidden") is True
    script = "delete window.DecompressionStream"
    added = page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    page.refresh()
    page.execute_script("location.hash = arguments[0]", one_of(study, "change", "n"))
    said = page.execute_script("return document.getElementById('closed').innerText")
    assert said.startswith("This browser cannot unpack the raw rows") and page.execute_script(OPEN) is False
    page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_axe_finds_nothing_moderate_or_worse(page):
    page.execute_script("for (const details of document.querySelectorAll('main details')) details.open = true")
    assert browser.accessibility(page) == []
    browser.in_dark(page, True)
    assert browser.accessibility(page, "color-contrast") == []
    browser.in_dark(page, False)


def test_a_table_is_one_stop_and_arrow_keys_move_in_it(page):
    page.execute_script("for (const details of document.querySelectorAll('main details')) details.open = true")
    stops = """return [...document.querySelectorAll("main table.results")].map(
                 (table) => table.querySelectorAll('button.n[tabindex="0"]').length)"""
    assert set(page.execute_script(stops)) == {1}
    first = "const rows = document.getElementById('table-2a').querySelectorAll('tr:has(button.n)');"
    page.execute_script(first + "rows[0].querySelector('button.n').focus()")
    press(page, "ARROW_DOWN")
    press(page, "ARROW_RIGHT")
    assert page.execute_script(first + "return document.activeElement === rows[1].querySelectorAll('button.n')[1]")
    press(page, "HOME")
    press(page, "ARROW_UP")
    assert page.execute_script(first + "return document.activeElement === rows[0].querySelector('button.n')")
    assert set(page.execute_script(stops)) == {1}


def test_a_narrow_screen_needs_no_sideways_scrolling(page, study):
    narrow = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    try:
        widths = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        assert page.execute_script(widths) == [400, 400]
        page.execute_script("for (const details of document.querySelectorAll('main details')) details.open = true")
        cut = """return [...document.querySelectorAll("main table, main svg.plot")].filter(
                   (one) => one.getBoundingClientRect().width > one.parentElement.clientWidth + 1
                            || one.scrollWidth > one.parentElement.clientWidth + 1).length"""
        assert page.execute_script(cut) == 0
        page.execute_script("for (const details of document.querySelectorAll('main details')) details.open = false")
        page.execute_script("location.hash = arguments[0]", one_of(study, "change", "mean_change"))
        until(page, OPEN)
        body = "const b = document.getElementById('panel-body'); return [b.scrollWidth <= b.clientWidth, b.clientWidth]"
        fits, width = page.execute_script(body)
        assert fits and 380 <= width <= 400
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_policy_stops_network_and_foreign_scripts(page):
    blocked = page.execute_async_script(
        """const done = arguments[0], seen = [];
           document.addEventListener("securitypolicyviolation", (event) => {
             seen.push(event.effectiveDirective);
             if (seen.length === 3) done(seen.sort());
           });
           fetch("https://example.invalid/").catch(() => {});
           const add = (name, fields) => document.body.append(Object.assign(document.createElement(name), fields));
           add("script", { textContent: "window.broken = 1" });
           add("iframe", { src: "https://example.invalid/" });"""
    )
    assert blocked == ["connect-src", "frame-src", "script-src-elem"]
    page.execute_script("document.querySelector('iframe').remove()")
    assert len(browser.console(page)) >= 3
    browser.requests(page)
    page.get(page.current_url)
