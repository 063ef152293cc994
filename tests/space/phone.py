"""The page in her hand: where things stand on it, and what she does with them.

enter(page, url)
send(page, "밥 먹었어?")
expect(page, HIS, ["ㅇㅇ"])
"""

from tests.space.served import invite

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
HIS = "#chat [data-testid=bot]"
HERS = "#chat [data-testid=user]"
TYPING = "#message .stop-button"  # there while a reply is on its way, and with it the three dots


def enter(page, url):
    """Tap the invite link and wait for the page."""
    page.goto(invite(url))
    page.locator("#message textarea:enabled").wait_for()


def send(page, text):
    """Type and press Enter, as on any messenger, and wait until the message stands in the chat."""
    before = page.locator(HERS).count()
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")
    page.locator(HERS).nth(before).wait_for()


def expect(page, selector, texts):
    """Wait until exactly ``texts`` stand in the elements of ``selector``."""
    page.wait_for_function(
        "([selector, texts]) => JSON.stringify([...document.querySelectorAll(selector)].map(e => e.innerText.trim()))"
        " === JSON.stringify(texts)",
        arg=[selector, texts],
    )


def finish(page):
    """Wait until he is done."""
    page.locator(TYPING).wait_for(state="hidden")
