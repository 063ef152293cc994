"""What she sends arrives once, in a real browser: without a network, with a slow server, in two tabs, over reloads."""

import pytest

from tests.browser import page_in, screenshots
from tests.space.phone import DESKTOP, HERS, HIS, PHONE, TYPING, enter, expect, finish, send
from tests.space.served import invite

pytestmark = pytest.mark.slow

UNSENT = "#tray div p"
NOTE = "#tray > p"


@pytest.fixture
def engine(served_engine):
    """The engine behind ``url``, as if nobody had spoken yet."""
    served_engine.begin(["하나", "둘"], ["셋"])
    return served_engine


def press(page, text):
    """Type and press Enter, whatever becomes of it."""
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")


def box(page):
    return page.get_by_role("textbox").input_value()


def test_what_she_sends_without_a_network_goes_out_when_there_is_one(browser, url, engine):
    """It stands below the chat as not sent yet, the page finds its server again, and he answers; a draft stays."""
    engine.begin(["응"])
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, "뭐해?")
        expect(page, HIS, ["응"])
        finish(page)
        page.context.set_offline(True)
        press(page, "밥은?")
        press(page, "자?")
        expect(page, UNSENT, ["밥은?", "자?"])
        expect(page, NOTE, ["연결이 끊겼어요. 다시 연결되면 보낼게요."])
        page.get_by_role("textbox").fill("쓰던 말")
        assert page.locator(".toast-wrap").is_hidden()
        page.screenshot(path=screenshots() / "offline-phone-light.png")
        with page.expect_event("load"):
            page.context.set_offline(False)

        expect(page, HERS, ["뭐해?", "밥은?", "자?"])
        page.locator(HIS).nth(1).wait_for()
        finish(page)
        assert page.locator("#chat .message").last.inner_text() == "응"
        expect(page, UNSENT, [])
        assert box(page) == "쓰던 말"


def test_a_reload_right_after_sending_loses_nothing(browser, url, engine):
    """Whether the message had left or not: it is in the chat, once."""
    engine.begin(["응"])  # asked twice when the first answer went to the page that is gone
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, "뭐해?")
        expect(page, HIS, ["응"])
        finish(page)
        press(page, "밥은?")
        page.reload()

        expect(page, "#chat .message", ["뭐해?", "응", "밥은?", "응"])
        assert box(page) == ""


def test_a_slow_server_gets_her_message_once(browser, url, engine):
    """Her bubble is there, a line says that it is slow, and nothing is sent or given back twice."""
    with page_in(browser, **PHONE) as page:
        page.clock.install()
        enter(page, url)
        page.get_by_role("textbox").wait_for()
        held = []
        page.route("**/queue/join*", lambda route: held.append(route), times=1)
        press(page, "뭐해?")
        expect(page, UNSENT, ["뭐해?"])
        page.clock.fast_forward(20_000)
        expect(page, NOTE, ["답장이 느려요. 조금만 기다려 주세요."])
        (join,) = held
        join.continue_()

        expect(page, "#chat .message", ["뭐해?", "하나", "둘"])
        expect(page, UNSENT, [])
        expect(page, NOTE, [""])
        assert box(page) == ""


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_what_is_not_taken_is_sent_again(browser, url, engine, status):
    """Whatever the server says to it, every five seconds; after eight a line says that it is slow."""
    with page_in(browser, **PHONE) as page:
        page.clock.install()
        enter(page, url)
        page.route("**/queue/join*", lambda route: route.fulfill(status=status, json={}), times=2)
        press(page, "뭐해?")
        expect(page, UNSENT, ["뭐해?"])
        page.clock.fast_forward(5_000)
        page.clock.fast_forward(3_000)
        expect(page, NOTE, ["답장이 느려요. 조금만 기다려 주세요."])
        page.clock.fast_forward(5_000)

        expect(page, "#chat .message", ["뭐해?", "하나", "둘"])
        expect(page, UNSENT, [])


@pytest.mark.parametrize("status", [200, 502])
def test_what_a_proxy_says_for_a_server_that_is_away_is_no_answer(browser, url, engine, status):
    """As without a network: she reads so for as long as it lasts, and what she sent goes out by itself."""
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        page.route(
            "**/gradio_api/**",
            lambda route: route.fulfill(status=status, content_type="text/html", body="<h1>Loading</h1>"),
        )
        press(page, "뭐해?")
        expect(page, UNSENT, ["뭐해?"])
        with page.expect_response("**/app_id"), page.expect_response("**/app_id"):
            expect(page, NOTE, ["연결이 끊겼어요. 다시 연결되면 보낼게요."])
        expect(page, NOTE, ["연결이 끊겼어요. 다시 연결되면 보낼게요."])
        with page.expect_event("load"):
            page.unroute("**/gradio_api/**")

        expect(page, "#chat .message", ["뭐해?", "하나", "둘"])
        expect(page, UNSENT, [])


def test_where_nothing_can_be_sent_from_she_reads_so(browser, url, engine):
    """The server is asked by another name than the one she sees, by a tunnel: the page is not loaded over and over."""
    with page_in(browser, **PHONE) as page:
        page.route("**/queue/join*", lambda route: route.fulfill(status=403, json={}))
        loaded = []
        page.on("load", lambda _: loaded.append(page.url))
        page.goto(invite(url))

        expect(page, NOTE, ["이 주소로는 메시지를 보낼 수 없어요. 링크를 보내 준 사람에게 알려 주세요."])
        assert len(loaded) == 1


def test_a_letter_that_comes_twice_is_one_message(browser, url, engine):
    """Its answer was lost with the page: the outbox sends it again, and the chat has it already."""
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        page.evaluate(
            "localStorage.setItem('persona-outbox', JSON.stringify([{mark: 'once', text: '뭐해?'}]))"
        )
        for _ in range(2):
            page.reload()
            expect(page, "#chat .message", ["뭐해?", "하나", "둘"])
            finish(page)
            page.wait_for_function("() => localStorage.getItem('persona-outbox') === '[]'")
            page.evaluate(
                "localStorage.setItem('persona-outbox', JSON.stringify([{mark: 'once', text: '뭐해?'}]))"
            )


def test_when_her_key_is_no_longer_good_she_sees_the_locked_page(browser, url, engine):
    """At once, in words, and not an empty page."""
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        page.context.clear_cookies()
        press(page, "뭐해?")

        page.get_by_text("초대받은 사람만 들어올 수 있어요").wait_for()


def test_two_tabs_are_one_chat(browser, url, engine):
    """What was said in one is in the other before she sends there."""
    with page_in(browser, **DESKTOP) as one:
        enter(one, url)
        two = one.context.new_page()
        two.goto(url)
        two.get_by_role("textbox").wait_for()
        send(two, "둘째 탭")
        expect(two, HIS, ["하나", "둘"])
        finish(two)
        press(one, "첫째 탭")

        everything = ["둘째 탭", "하나", "둘", "첫째 탭", "셋"]
        expect(one, "#chat .message", everything)
        finish(one)
        two.reload()
        expect(two, "#chat .message", everything)


def test_what_is_deleted_is_deleted_in_every_tab(browser, url, engine):
    """The other tab empties itself and brings nothing back."""
    with page_in(browser, **DESKTOP) as one:
        enter(one, url)
        send(one, "뭐해?")
        expect(one, HIS, ["하나", "둘"])
        finish(one)
        two = one.context.new_page()
        two.goto(url)
        expect(two, HIS, ["하나", "둘"])
        one.get_by_role("button", name="모두 지우기").click()
        one.get_by_role("button", name="지우기", exact=True).click()
        expect(one, HERS, [])
        expect(two, HERS, [])
        two.get_by_role("textbox").wait_for()
        send(two, "안녕")
        expect(two, "#chat .message", ["안녕", "셋"])
        finish(two)
        one.reload()

        expect(one, "#chat .message", ["안녕", "셋"])


def test_a_message_that_was_never_answered_can_be_asked_again(browser, url, engine):
    """Stopped before his first bubble, there is a button for his reply."""
    engine.hold = True
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        assert page.get_by_role("button", name="답장 받기").is_hidden()
        send(page, "뭐해?")
        page.get_by_role("button", name="그만").click()
        page.locator(TYPING).wait_for(state="hidden")
        page.get_by_role("button", name="답장 받기").wait_for()
        page.screenshot(path=screenshots() / "ask-again-phone-light.png")
        engine.permits.release(10)
        page.get_by_role("button", name="답장 받기").click()

        expect(page, HIS, ["셋"])
        finish(page)
        assert page.get_by_role("button", name="답장 받기", exact=True).is_hidden()


def test_what_she_is_writing_survives_a_reload(browser, url, engine):
    """Half a message is still in the box; a sent one is not."""
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        page.get_by_role("textbox").fill("쓰던 말")
        page.reload()
        page.wait_for_function("() => document.querySelector('#message textarea')?.value === '쓰던 말'")
        send(page, "쓰던 말")
        finish(page)
        page.reload()
        expect(page, HIS, ["하나", "둘"])

        assert box(page) == ""


AT_END = """() => {
  const { scrollHeight, scrollTop, clientHeight } = document.querySelector("#chat .bubble-wrap");
  return scrollHeight - scrollTop - clientHeight < 2;
}"""
# gradio follows each bubble a little later, once for each; a thumb goes on pulling until it stays up
UP_TO_STAY = """() => {
  const list = document.querySelector("#chat .bubble-wrap");
  window.framesUp = list.scrollTop < 2 ? (window.framesUp ?? 0) + 1 : 0;
  list.scrollTo(0, list.scrollTop ? 0 : 1);
  return window.framesUp > 30;
}"""


def test_the_newest_stays_in_sight(browser, url, engine):
    """Over a phone's keyboard, and when she sends from further up; the arrow down stands above the box."""
    engine.begin([f"{count}번째 줄" for count in range(30)], ["셋"])
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, "뭐해?")
        page.get_by_text("29번째 줄").wait_for()
        finish(page)
        page.set_viewport_size({"width": 390, "height": 400})
        page.wait_for_function(
            "() => document.querySelector('#message').getBoundingClientRect().bottom <= 400"
        )
        page.wait_for_function(AT_END)
        page.screenshot(path=screenshots() / "keyboard-phone-light.png")

        page.wait_for_function(UP_TO_STAY)
        arrow = page.get_by_role("button", name="맨 아래로")
        arrow.wait_for()
        page.screenshot(path=screenshots() / "scrolled-phone-light.png")
        lower_edge = arrow.bounding_box()["y"] + arrow.bounding_box()["height"]
        assert lower_edge <= page.locator("#message").bounding_box()["y"]
        send(page, "자?")
        page.get_by_text("셋").wait_for()
        finish(page)
        page.wait_for_function(AT_END)
