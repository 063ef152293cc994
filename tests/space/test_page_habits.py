"""The habits of a messenger, in a real browser: what she may do at any moment, and who else can use the page."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import page_in, screenshots
from tests.space.phone import DESKTOP, HERS, HIS, PHONE, TYPING, enter, expect, finish, send

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(served_engine):
    """The engine behind ``url``, as if nobody had spoken yet."""
    served_engine.begin(["하나", "둘"], ["셋"])
    return served_engine


def test_she_writes_on_while_he_types_and_he_answers_to_all_of_it(browser, url, engine):
    """Her messages leave at once and one by one, his reply ends where it is, and what she is writing stays."""
    engine.hold = True
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, "뭐해?")
        engine.permits.release()
        expect(page, HIS, ["하나"])
        for key in ("그리고", "Enter", "밥은?", "Enter", "쓰던 말"):
            page.keyboard.press(key) if key == "Enter" else page.keyboard.type(key)
        expect(page, HERS, ["뭐해?", "그리고", "밥은?"])
        page.screenshot(path=screenshots() / "typing-phone-light.png")
        engine.permits.release(10)
        expect(page, "#chat .message", ["뭐해?", "하나", "그리고", "밥은?", "셋"])

        assert page.get_by_role("textbox").input_value() == "쓰던 말"
    assert engine.heard[-1][-1].bubbles == ("그리고", "밥은?")


def test_a_new_conversation_starts_below_a_line(browser, url, engine):
    """He knows nothing of what stands above it; she still sees it, also after a reload."""
    with page_in(browser, **PHONE, dark=True) as page:
        enter(page, url)
        assert page.get_by_role("button", name="새 대화").is_hidden()
        send(page, "뭐해?")
        expect(page, HIS, ["하나", "둘"])
        page.get_by_role("button", name="새 대화").click()
        page.get_by_text("여기부터 새 대화예요").wait_for()
        page.reload()
        page.get_by_text("여기부터 새 대화예요").wait_for()
        send(page, "안녕")
        page.get_by_text("셋").wait_for()
        page.screenshot(path=screenshots() / "new-conversation-phone-dark.png")

    assert [turn.bubbles for turn in engine.heard[1]] == [("안녕",)]


def test_deleting_everything_asks_first(browser, url, engine):
    """Cancel and Escape leave all as it was; yes leaves neither words nor times in her browser."""
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, "뭐해?")
        expect(page, HIS, ["하나", "둘"])
        for no in (page.get_by_role("button", name="취소").click, lambda: page.keyboard.press("Escape")):
            page.get_by_role("button", name="모두 지우기").click()
            page.get_by_role("dialog").wait_for()
            page.screenshot(path=screenshots() / "delete-phone-light.png")
            no()
            expect(page, HIS, ["하나", "둘"])
        page.get_by_role("button", name="모두 지우기").click()
        page.get_by_role("button", name="지우기", exact=True).click()
        page.get_by_text("도윤의 메시지로 만든 AI예요.").wait_for()

        page.wait_for_function("() => localStorage.getItem('persona-times') === '[]'")
        page.reload()
        page.get_by_text("도윤의 메시지로 만든 AI예요.").wait_for()
        assert page.locator("#chat .message").count() == 0


def test_what_she_sent_before_a_reload_is_answered_after_it(browser, url, engine):
    """A phone that sleeps in the middle of a reply loses nothing."""
    engine.hold = True
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, "뭐해?")
        page.locator(TYPING).wait_for()
        page.reload()
        engine.permits.release(10)
        page.locator(HIS).first.wait_for()

        expect(page, HERS, ["뭐해?"])


def test_everything_can_be_done_with_the_keyboard_alone(browser, url, engine):
    """Tab reaches every button, shows where it is, and the focus is back in the box when something is done."""
    with page_in(browser, **DESKTOP) as page:
        enter(page, url)
        page.keyboard.type("뭐해?")
        page.keyboard.press("Enter")
        expect(page, HIS, ["하나", "둘"])
        finish(page)
        assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
        reached = {}
        for _ in range(8):
            page.keyboard.press("Tab")
            name, outline = page.evaluate(
                "(() => { const e = document.activeElement;"
                " return [e.ariaLabel || e.innerText, getComputedStyle(e).outlineStyle]; })()"
            )
            reached[name] = outline
        wanted = ("보내기", "새 대화", "모두 지우기", "다른 답장 받기")
        assert {name: reached.get(name) for name in wanted} == dict.fromkeys(wanted, "solid")

        page.get_by_role("button", name="다른 답장 받기").press("Enter")
        expect(page, HIS, ["셋"])
        page.get_by_role("button", name="모두 지우기").press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("도윤의 메시지로 만든 AI예요.").wait_for()
        assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"


def test_blanks_are_not_sent_and_a_long_paste_is_cut(browser, url, engine):
    """100,000 characters become the 2,000 a message may have, and she is told; control characters are not kept."""
    engine.hold = True
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        page.get_by_role("textbox").press_sequentially("  ")
        page.get_by_role("textbox").press("Enter")
        page.get_by_role("textbox").fill("")
        page.evaluate("document.querySelector('#message textarea').focus()")
        page.keyboard.insert_text("가" * 100_000)
        page.get_by_text("한 번에 2000자까지 보낼 수 있어요.").wait_for()
        page.get_by_role("textbox").press("Enter")
        expect(page, HERS, ["가" * 2_000])
        page.get_by_text("한 번에 2000자까지").wait_for(state="hidden")
        send(page, "\u202e뒤집\x07기\u200b 👩‍❤️‍👨")

        expect(page, HERS, ["가" * 2_000, "뒤집기 👩‍❤️‍👨"])
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        engine.permits.release(10)
        page.locator(HIS).first.wait_for()  # said to both: what he began before was held back and has ended
    assert engine.heard[-1][-1].bubbles == ("가" * 2_000, "뒤집기 👩‍❤️‍👨")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_no_barrier(browser, url, engine, size, dark):
    """No serious or critical finding on the locked page, the empty one, the chat, and the question before deleting."""
    with page_in(browser, **size, dark=dark, bypass_csp=True) as page:
        page.goto(url)
        barriers = findings(page, "locked")
        page.screenshot(path=screenshots() / f"locked-{size['width']}-{'dark' if dark else 'light'}.png")
        enter(page, url)
        barriers += findings(page, "empty")
        send(page, "뭐해?")
        expect(page, HIS, ["하나", "둘"])
        finish(page)
        page.get_by_role("button", name="새 대화").click()
        page.get_by_text("여기부터 새 대화예요").wait_for()
        send(page, "안녕")
        page.get_by_text("셋").wait_for()
        finish(page)
        barriers += findings(page, "chat")
        page.get_by_role("button", name="모두 지우기").click()
        barriers += findings(page, "question")

    assert barriers == []


def findings(page, where):
    """What axe calls serious or critical: page, rule and elements."""
    found = Axe().run(page).response["violations"]
    return [
        (where, finding["id"], [node["target"] for node in finding["nodes"]])
        for finding in found
        if finding["impact"] in ("serious", "critical")
    ]


def test_it_can_be_kept_as_an_app(browser, url):
    """The browser finds nothing that keeps the page from being installed, under its Korean name."""
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        devtools = page.context.new_cdp_session(page)
        problems = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
        manifest = page.request.get(f"{url}/manifest.json", headers={"cookie": ""}).json()

        assert [problem["errorId"] for problem in problems if problem["errorId"] != "in-incognito"] == []
        assert devtools.send("Page.getAppManifest")["errors"] == []
        assert (manifest["name"], manifest["display"], manifest["lang"]) == ("우리 대화", "standalone", "ko")
        assert {
            page.request.get(url + icon["src"]).headers["content-type"] for icon in manifest["icons"]
        } == {"image/png"}
        apple = page.locator("link[rel=apple-touch-icon]").get_attribute("href")
        assert page.request.get(url + apple).ok
