"""The page in a real browser: what she sees, from the locked door to his last bubble."""

import re
import threading
from dataclasses import replace

import pytest

from persona_core.errors import EngineError
from tests.browser import page_in, screenshots
from tests.space.phone import DESKTOP, HERS, HIS, PHONE, TYPING, enter, expect, finish, send
from tests.space.served import SECRET, SETTINGS, ScriptedEngine, running_as_a_space, served, session
from waking import Sleeper

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(served_engine):
    """The engine behind ``url``, as if nobody had spoken yet."""
    served_engine.begin(["ㅇㅇ [[PARTNER]]야", "나 지금 집 가는중ㅋㅋㅋ", "저녁은?"])
    return served_engine


def test_a_stranger_sees_the_locked_page(browser, url, engine):
    """Without a key there is one page, and it says in both languages that one must be invited."""
    with page_in(browser, **PHONE) as page:
        answer = page.goto(url)

        assert answer.status == 401
        assert page.get_by_text("초대받은 사람만 들어올 수 있어요").is_visible()
        assert page.get_by_text("By invitation only").is_visible()
        assert page.locator("textarea").count() == 0
        page.screenshot(path=screenshots() / "locked-phone-light.png")
    assert engine.heard == []


def test_an_invited_guest_talks_and_his_bubbles_arrive_one_by_one(browser, url, engine):
    """One tap, a Korean message, three dots, then bubble after bubble; her name with the right particle."""
    engine.hold = True
    with page_in(browser, **PHONE) as page:
        page.goto(url)
        enter(page, url)

        assert "/invite/" not in page.url
        assert page.get_by_text("도윤의 메시지로 만든 AI예요.").is_visible()
        assert page.locator(".badge").inner_text() == "AI 답장"

        send(page, "오빠 뭐해? ㅋㅋ")
        expect(page, HERS, ["오빠 뭐해? ㅋㅋ"])
        page.locator(TYPING).wait_for()
        dots = page.locator("#chat .message-wrap").evaluate("e => getComputedStyle(e, '::after').width")
        assert dots == "62px"
        for count, said in enumerate(["ㅇㅇ 서연아", "나 지금 집 가는중ㅋㅋㅋ", "저녁은?"], start=1):
            page.locator(TYPING).wait_for()
            engine.permits.release()
            page.locator(HIS).nth(count - 1).wait_for()
            assert page.locator(HIS).last.inner_text() == said
            assert page.locator(HIS).count() == count
        finish(page)
        page.screenshot(path=screenshots() / "chat-phone-light.png")

    assert engine.heard[0][-1].bubbles == ("오빠 뭐해? ㅋㅋ",)


def test_nothing_is_asked_of_another_host_and_no_script_is_blocked(browser, url, engine):
    """Fonts, scripts and analytics come from here or not at all, and the content policy fits the page."""
    with page_in(browser, **DESKTOP, dark=True) as page:
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        enter(page, url)
        send(page, "밥 먹었어?")
        finish(page)
        page.screenshot(path=screenshots() / "chat-desktop-dark.png")

    assert [address for address in asked if not address.startswith((url, "data:", "blob:"))] == []
    assert complaints == []


def test_markup_is_shown_as_text(browser):
    """HTML and Markdown of either side are words, never elements."""
    nasty = '<img src=x onerror="document.title=1"> **굵게** `코드` $x$ [링크](https://example.com) &lt;3 <3'
    his = f"<b>나도</b> {nasty}"
    with served(ScriptedEngine([his])) as url, page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, nasty)

        expect(page, HERS, [nasty])
        expect(page, HIS, [his])
        assert page.locator("#chat img, #chat strong, #chat code, #chat a").count() == 0


def test_enter_that_ends_a_composition_does_not_send(browser, url, engine):
    """On Korean keyboards Enter first finishes the syllable."""
    with page_in(browser, **DESKTOP) as page:
        enter(page, url)
        page.get_by_role("textbox").fill("사랑")
        for event in ({"isComposing": True}, {"keyCode": 229}):
            page.locator("#message textarea").evaluate(
                "(box, event) => ['keydown', 'keypress'].forEach(kind =>"
                " box.dispatchEvent(new KeyboardEvent(kind, {key: 'Enter', bubbles: true, ...event})))",
                event,
            )
        page.get_by_role("textbox").press("End")

        assert page.get_by_role("textbox").input_value() == "사랑"
        assert page.locator(HERS).count() == 0
        page.get_by_role("textbox").press("Enter")
        expect(page, HERS, ["사랑"])
        finish(page)
        assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"  # she can go on typing


def test_her_browser_keeps_the_chat_until_she_clears_it(browser, url, engine):
    """A reload brings everything back, with its times; clearing removes it for good."""
    his = ["ㅇㅇ 서연아", "나 지금 집 가는중ㅋㅋㅋ", "저녁은?"]
    with page_in(browser, **PHONE, dark=True) as page:
        enter(page, url)
        send(page, "하이")
        finish(page)
        expect(page, HIS, his)
        page.wait_for_function("() => localStorage.getItem('persona-chat')?.length > 200")
        times = page.locator(".message-row").evaluate_all("rows => rows.map(row => row.dataset.time)")
        page.reload()

        expect(page, HIS, his)
        assert page.locator(".message-row").evaluate_all("rows => rows.map(row => row.dataset.time)") == times
        send(page, "또 하이")
        page.locator(HIS).nth(len(his)).wait_for()
        finish(page)
        assert [turn.role for turn in engine.heard[1]] == ["partner", "persona", "partner"]
        page.screenshot(path=screenshots() / "chat-phone-dark.png")

        page.get_by_role("button", name="모두 지우기").click()
        page.get_by_role("button", name="지우기", exact=True).click()
        expect(page, HERS, [])
        page.wait_for_function("() => localStorage.getItem('persona-chat')?.length < 200")
        page.reload()
        page.get_by_text("도윤의 메시지로 만든 AI예요.").wait_for()
        assert page.locator(HERS).count() == 0


def test_she_can_stop_a_reply_and_ask_for_another(browser, url, engine):
    """Stop keeps what was said; retry takes the reply back and draws a new one."""
    engine.begin(["하나", "둘", "셋"], ["넷"])
    engine.hold = True
    with page_in(browser, **DESKTOP) as page:
        enter(page, url)
        send(page, "하이 <3")
        engine.permits.release()
        expect(page, HIS, ["하나"])
        page.get_by_role("button", name="그만").click()
        finish(page)
        expect(page, HIS, ["하나"])

        engine.permits.release(10)
        page.get_by_role("button", name="다른 답장 받기").click()
        expect(page, HIS, ["넷"])
        finish(page)
        expect(page, HERS, ["하이 <3"])
        page.screenshot(path=screenshots() / "chat-desktop-light.png")

    assert engine.heard[1][-1].bubbles == ("하이 <3",)


def test_asked_whether_it_is_an_ai_it_says_so(browser, url, engine):
    """The model is not even asked; and a denial of its own is not sent."""
    engine.begin(["ㅋㅋㅋ", "나 AI 아니야"])
    with page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, "너 혹시 AI야?")
        finish(page)

        assert "도윤의 메시지로 배운 AI야" in page.locator(HIS).last.inner_text()
        assert engine.heard == []

        send(page, "기분 어때?")
        finish(page)
        assert page.locator(HIS).nth(1).inner_text() == "ㅋㅋㅋ"
        assert "AI야" in page.locator(HIS).nth(2).inner_text()


def test_what_goes_wrong_is_said_in_words(browser, capfd):
    """Errors we know have their text, others an apology; no stack trace, and nothing of the chat in the log."""
    engine = ScriptedEngine(EngineError("space.not_ready"), RuntimeError("비밀 대화"), ["돌아왔어"])
    with served(engine) as url, page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, "첫째 비밀")
        page.get_by_text("아직 깨어나는 중이에요. 잠시 후 다시 보내 주세요.").wait_for()
        finish(page)
        send(page, "둘째 비밀")
        page.get_by_text("답장을 보내지 못했어요. 잠시 후 다시 보내 주세요.").wait_for()
        page.screenshot(path=screenshots() / "error-phone-light.png")
        finish(page)
        send(page, "셋째 비밀")
        expect(page, HIS, ["돌아왔어"])

        assert not re.search("Traceback|RuntimeError|Error", page.inner_text("body"))
        assert engine.heard[2][-1].bubbles == ("첫째 비밀", "둘째 비밀", "셋째 비밀")
    assert "비밀" not in "".join(capfd.readouterr())


def test_while_it_wakes_the_page_says_so(browser):
    """She sees what it is waiting for, and that line goes when he is there."""
    awake = threading.Event()

    def load(report):
        report("downloading", 40)
        awake.wait()
        return ScriptedEngine(["나 왔어"])

    sleeper = Sleeper(load)
    threading.Thread(target=sleeper.wake, daemon=True).start()
    with served(sleeper, status=lambda: sleeper.status) as url, page_in(browser, **PHONE) as page:
        enter(page, url)
        page.get_by_text("모델을 받는 중이에요… 40%").wait_for()
        page.screenshot(path=screenshots() / "waking-phone-light.png")
        awake.set()
        page.get_by_text("모델을 받는 중이에요").wait_for(state="hidden")
        send(page, "왔어?")
        expect(page, HIS, ["나 왔어"])


def test_a_failed_start_is_told_on_the_page(browser):
    """The page stays up and says so, once, and her message can be asked again."""

    def load(report):
        raise EngineError("space.not_loaded")

    sleeper = Sleeper(load)
    sleeper.wake()
    with served(sleeper, status=lambda: sleeper.status) as url, page_in(browser, **PHONE) as page:
        enter(page, url)

        page.get_by_text("지금은 이야기할 수 없어요.").wait_for()
        send(page, "뭐해?")
        page.get_by_role("button", name="답장 받기").wait_for()
        page.screenshot(path=screenshots() / "failed-phone-light.png")
        assert page.locator(".note p:visible").count() == 1


def test_long_names_and_english_fit(browser):
    """A name of any length and shape stays in its line; the page speaks English when told to."""
    long = '아주 긴 이름을 가진 "우리" <b>자기</b> \\ 사랑하는 사람 ❤️'
    settings = replace(SETTINGS, persona_name=long, language="en")
    with served(ScriptedEngine(["응"]), settings) as url, page_in(browser, **PHONE) as page:
        enter(page, url)
        send(page, "hi")
        finish(page)
        expect(page, HIS, ["응"])

        assert page.locator("#header h1").inner_text() == long
        assert page.locator(".badge").inner_text() == "AI replies"
        assert page.get_by_role("button", name="Send").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert page.get_by_role("textbox", name="Your message", exact=True).is_visible()
        label = page.locator(".bot-row.opens .flex-wrap").evaluate(
            "e => getComputedStyle(e, '::before').content"
        )
        assert label == f'"{long}"'.replace("\\ ", "\\\\ ").replace('"우리"', '\\"우리\\"')
        page.screenshot(path=screenshots() / "english-phone-light.png")
        page.set_viewport_size({"width": 195, "height": 422})  # at twice the size
        page.screenshot(path=screenshots() / "zoomed-phone-light.png")
        badge, button = page.locator(".badge").bounding_box(), page.locator("#new-chat").bounding_box()
        assert badge["x"] + badge["width"] <= button["x"]


def test_two_guests_do_not_hear_each_other(browser, url, engine):
    """Conversations at the same time stay apart."""
    engine.begin(["하나"], ["둘"])
    with page_in(browser, **PHONE) as first, page_in(browser, **PHONE) as second:
        enter(first, url)
        enter(second, url)
        send(first, "나는 첫째")
        expect(first, HIS, ["하나"])
        send(second, "나는 둘째")
        expect(second, HIS, ["둘"])

        expect(first, HERS, ["나는 첫째"])
        expect(second, HERS, ["나는 둘째"])
    assert [len(history) for history in engine.heard] == [1, 1]
    assert SECRET not in str(engine.heard)


def test_on_a_space_the_page_opens_for_who_signed_in_and_asks_no_other_host(browser, tmp_path):
    """gradio's own Space features (status of the Space, sign-in button, fonts) need neither hosts nor evaluated scripts."""
    with running_as_a_space(tmp_path) as url, page_in(browser, **DESKTOP) as page:
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        assert page.get_by_role("link", name="Hugging Face로 로그인").is_visible()

        page.context.add_cookies([{"name": n, "value": v, "url": url} for n, v in session("seoyeon").items()])
        page.goto(url)
        page.get_by_text("지금은 이야기할 수 없어요.").wait_for()
        page.get_by_role("textbox").wait_for()

    assert [address for address in asked if not address.startswith((url, "data:", "blob:"))] == []
    assert complaints == []
