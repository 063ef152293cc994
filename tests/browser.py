"""Debian's Chromium, driven by Playwright; its own browser download is not used."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

QUIET = (
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def screenshots() -> Path:
    """Where pictures of pages are kept for people to look at."""
    folder = Path(os.environ.get("PERSONA_ARTEFACTS", ".artefacts"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without profile. Where Chromium is not installed the test is skipped, or fails: PERSONA_REQUIRE_BROWSER."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        missing = pytest.fail if os.environ.get("PERSONA_REQUIRE_BROWSER") else pytest.skip
        missing("needs Chromium: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@contextmanager
def chromium_page(*, width: int, height: int, dark: bool = False) -> Iterator[Any]:
    """One page in a browser of its own; narrower than 500 pixels it is a phone in Seoul."""
    with chromium() as browser, page_in(browser, width=width, height=height, dark=dark) as page:
        yield page


@contextmanager
def page_in(browser: Any, *, width: int, height: int, dark: bool = False, **options: Any) -> Iterator[Any]:
    """A page that shares nothing with other pages of ``browser``. ``options`` go to Playwright's context."""
    phone = width < 500
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        device_scale_factor=2 if phone else 1,
        is_mobile=phone,
        has_touch=phone,
        locale="ko-KR",
        timezone_id="Asia/Seoul",
        **options,
    )
    context.set_default_timeout(120_000)  # ms: a hang, not a slow machine
    yield context.new_page()
    context.close()
