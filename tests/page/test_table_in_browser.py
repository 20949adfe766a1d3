"""A table as a page in Chromium: a click sorts it, a click folds a block, and it goes dark."""

from __future__ import annotations

import pytest
from browsing import look

import convcalc
from convcalc.render.html.document import html_text
from convcalc.render.summary import summary_document

pytestmark = pytest.mark.browser

COLUMN = """
const at = [...document.querySelectorAll("th")].findIndex((one) => one.innerText === arguments[0]);
return [...document.querySelectorAll("tbody tr")].filter((row) => !row.hidden)
  .map((row) => row.cells[at].innerText);
"""


@pytest.fixture
def opened(browser, tmp_path):
    """A function that opens the table of a network; at the end the console must have no word."""

    def open_page(text, shape=(3, 32, 32), **screen):
        path = tmp_path / "table.html"
        document = summary_document(convcalc.parse(text).analyze(shape))
        path.write_text(html_text(document), encoding="utf-8")
        look(browser, **screen)
        browser.get(path.as_uri())
        return browser

    yield open_page
    assert [] == browser.get_log("browser")


def column(driver, title):
    return driver.execute_script(COLUMN, title)


def click(driver, text):
    script = "[...document.querySelectorAll('button')].find((b) => b.innerText === arguments[0])"
    driver.execute_script(f"return {script}", text).click()


NET = "stem=conv:16,k3,p1 a.0=conv:8,k3,p1 a.1=relu a.2=conv:32,k1 b=linear:9"


def test_a_click_on_a_title_sorts_and_the_third_brings_the_first_order_back(opened):
    driver = opened(NET)
    first = column(driver, "name")
    assert ["stem", "a", "a.0", "a.1", "a.2", "b"] == first
    click(driver, "MACs")
    # 1,179,648 and 442,368 by hand: 32*32 positions, 16*9 products of 8, 3*9 of 16.
    found = column(driver, "MACs")
    assert ["1,179,648", "442,368", "294,912", "262,144", "0"] == found
    click(driver, "MACs")
    assert found[::-1] == column(driver, "MACs")
    click(driver, "MACs")
    assert first == column(driver, "name")


def test_shapes_are_sorted_by_their_elements_and_names_as_people_count(opened):
    driver = opened("x10=conv:1,k3 x9=conv:20,k3", (3, 9, 9))
    click(driver, "output")
    assert ["20x5x5", "1x7x7"] == column(driver, "output")
    click(driver, "name")
    assert ["x9", "x10"] == column(driver, "name")


def test_a_click_on_a_block_folds_it(opened):
    driver = opened(NET)
    click(driver, "a")
    assert ["stem", "a", "b"] == column(driver, "name")
    assert "1,441,792" == column(driver, "MACs")[1]
    click(driver, "a")
    assert 6 == len(column(driver, "name"))


def test_a_long_table_begins_folded_and_unfolds_at_once(opened):
    driver = opened("stem=conv:8,k3,p1 " + " ".join(f"a.{i}=relu" for i in range(70)))
    assert ["stem", "a"] == column(driver, "name")
    click(driver, "unfold all")
    assert 72 == len(column(driver, "name"))
    click(driver, "fold all")
    assert 2 == len(column(driver, "name"))


@pytest.mark.parametrize(("dark", "ground"), [(False, "255, 255, 255"), (True, "22, 24, 28")])
def test_it_is_light_or_dark_as_the_reader_has_it(opened, dark, ground):
    driver = opened(NET, dark=dark, width=420)
    script = "return getComputedStyle(document.body).backgroundColor"
    assert f"rgb({ground})" == driver.execute_script(script)
    wide = "return document.documentElement.scrollWidth <= window.innerWidth"
    assert driver.execute_script(wide)
