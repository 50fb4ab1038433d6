"""The page in a browser: it needs nothing, says nothing, and its slider moves the pictures."""

import pytest

from inrpde.export.report import html
from tests.export.report.samples import in_time, report
from tests.export.report.webdriver import Browser

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    browser = Browser(folder / "profile")
    (folder / "warm.html").write_text(html(in_time(command="inrpde solve warm.py"), report()), encoding="utf-8")
    try:
        browser.open(folder / "warm.html")
        yield browser
    finally:
        browser.close()


SHOWN = "return [...document.querySelectorAll('[data-step]')].filter(e => e.offsetHeight).map(e => +e.dataset.step)"


def test_it_opens_without_a_network_and_without_a_message(page):
    assert page.said() == []
    assert page.asked_for() == []
    loaded = page.run("return [...document.images].map(image => image.naturalWidth)")
    assert len(loaded) == 16  # three panels at five times, and where the conditions hold
    assert min(loaded) > 300


def test_the_slider_changes_the_pictures_and_says_the_time(page):
    assert page.run(SHOWN) == [4, 4, 4]
    before = page.run("return document.querySelector('[data-step]:not([hidden]) img').src")
    page.press("#time", "\ue012\ue012")  # the left arrow, twice
    assert page.run(SHOWN) == [2, 2, 2]
    assert page.run("return document.querySelector('[data-step]:not([hidden]) img').src") != before
    assert page.run("return document.querySelector('#time-shown').textContent") == "t = 0.5"
    assert page.run("return document.querySelector('#time').getAttribute('aria-valuetext')") == "t = 0.5"
    page.press("#time", "\ue010")  # end
    assert page.run(SHOWN) == [4, 4, 4]
    assert page.said() == []


def test_mathematics_is_laid_out_as_such(page):
    tall = page.run("return [...document.querySelectorAll('mfrac')].map(e => e.getBoundingClientRect().height)")
    line = page.run("return parseFloat(getComputedStyle(document.querySelector('math')).fontSize)")
    assert tall
    assert min(tall) > 1.5 * line  # one number over another


@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_wider_than_the_screen(page, width):
    page.wide(width)
    assert page.run("return document.documentElement.scrollWidth") <= width
