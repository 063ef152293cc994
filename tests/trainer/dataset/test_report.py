"""The report tells everything in both languages, on one page, and gives nothing away."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import get_args

import pytest

from persona_core.privacy.span import KINDS
from persona_core.texts import LANGUAGES, table, text_in
from tests.browser import chromium_page, screenshots
from trainer.chatlog.message import Kind
from trainer.dataset.page import render_page
from trainer.dataset.plots import Bar, bars
from trainer.dataset.preparation import write_data
from trainer.dataset.report import _token_bars

from .conftest import ME, YOU, chat_in, days

PLANTED = {
    "010-0000-1234": "내 번호 010-0000-1234야",
    "someone@example.com": "메일은 someone@example.com",
    "900101-1234567": "주민번호 900101-1234567 이래",
    "김도윤": "나 김도윤인데",
    "서연": "서연아 뭐해",
    "3333-00-0001234": "카카오뱅크 3333-00-0001234로 보내줘",
}
# Words in the page that reach beyond the card they stand in.
OVERHANGING = """[...document.querySelectorAll('section, dl div')].filter(card =>
    [...card.querySelectorAll('td, th, p, h2, dd, text, .bubble')].some(part =>
        part.getBoundingClientRect().right > card.getBoundingClientRect().right + 0.5))
    .map(card => card.innerText.slice(0, 40))"""
RULES = (*get_args(Kind), "bot", "repeated", "blank", "too_long", "unanswered", "same_example", "near_copy")
LATE_RULES = ("near_copy_of_training", "over_max_examples", "over_format_limit")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What was made of a chat with private facts in what is said and in what is dropped; to be read only."""
    facts = [
        line
        for said in PLANTED.values()
        for line in ((600, YOU, said), (1, ME, f"ㅇㅇ {said}"), (0, ME, said))
    ]
    dropped = [
        (600, YOU, "파일: 김도윤_이력서_900101-1234567.pdf"),
        (1, YOU, "[Web발신] 김도윤님 카드 승인 010-0000-1234"),
        (1, YOU, "https://example.com/김도윤/010-0000-1234"),
        (1, YOU, "연락처: 김도윤 010-0000-1234"),
        (1, "", "김도윤님이 이서연님을 초대했습니다."),
        (1, ME, "사진"),
        (1, "날씨봇", "김도윤님 someone@example.com 으로 문의하세요"),
    ]
    unanswered = [(6000, YOU, said) for said in PLANTED.values()]
    html = [(600, YOU, "<script>alert(1)</script> & \"'"), (1, ME, "<b>뭐야</b>")]
    folder = tmp_path_factory.mktemp("prepared")
    write_data(chat_in(folder, *facts, *dropped, *html, *days(20), *unanswered), folder)
    return folder


@pytest.fixture
def prepared(folder):
    """Its json, report and page."""
    document = (folder / "report.json").read_text("utf-8")
    return document, json.loads(document), (folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize("secret", PLANTED)
def test_no_planted_value_is_in_report_page_or_examples(prepared, folder, secret):
    """Not in the samples, not in the examples of rules, nowhere."""
    document, _, page = prepared

    written = [path.read_text("utf-8") for path in folder.glob("*.jsonl")]
    assert [secret in text for text in (document, page, *written)] == [False] * 4


@pytest.mark.parametrize(
    "line",
    [
        (1, "", "꼬북이님이 들어왔습니다."),
        (1, YOU, "카카오톡 프로필: 꼬북이"),
        (1, YOU, "톡게시판 '공지': 꼬북이 집들이"),
        (1, YOU, "카카오페이\n꼬북이님이 3만원을 보냈어요"),
        (1, "카카오페이", "꼬북이님이 3만원을 보냈어요"),
    ],
)
def test_who_is_named_by_kakaotalk_alone_is_in_no_report(write_chat, tmp_path, line):
    """No masker knows a nickname that nobody ever said; the report has its own words for such lines."""
    write_data(write_chat(*days(20), line), tmp_path)

    written = [(tmp_path / name).read_text("utf-8") for name in ("report.json", "report.html")]
    assert ["꼬북이" in text for text in written] == [False] * 2


def test_the_page_is_one_file_that_loads_nothing(prepared):
    """No script, no link, no picture from anywhere; the browser is told so, too."""
    _, _, page = prepared

    assert "default-src 'none'" in page
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|href=|url\(|@import|\bon\w+=", page)


def test_what_was_said_is_escaped(prepared):
    """Tags that someone typed are shown, not obeyed."""
    _, _, page = prepared

    assert "&lt;b&gt;뭐야&lt;/b&gt;" in page
    assert "<b>뭐야" not in page


def test_the_page_is_whole_html(prepared):
    """Every element that is opened is closed, in order."""

    class Nesting(HTMLParser):
        VOID = ("meta", "input", "br")

        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attrs):
            if tag not in self.VOID:
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

        def handle_startendtag(self, tag, attrs):
            pass

    nesting = Nesting()
    nesting.feed(prepared[2])

    assert nesting.open == []


def test_the_page_speaks_both_languages(prepared, monkeypatch):
    """Each text stands in both; the reader's is shown first."""
    _, report, _ = prepared
    monkeypatch.setenv("PERSONA_LANG", "en")

    page = render_page(report)

    for lang in LANGUAGES:
        for key in ("title", "dropped", "masked", "samples_note", "rule_media"):
            assert text_in(lang, f"report.{key}") in page
    assert '<html lang="en">' in page
    assert '<input type="radio" name="language" value="en" form="answer" id="en" checked>' in page


def test_a_phone_shows_it_without_zooming(prepared):
    """The viewport is the screen's, and wide tables scroll by themselves."""
    _, _, page = prepared

    assert "width=device-width" in page
    assert "overflow-x: auto" in page


def test_every_rule_has_a_name_in_both_languages():
    """Whatever drops a message or an example can be read about."""
    assert [
        rule for rule in RULES + LATE_RULES if rule != "text" and f"report.rule_{rule}" not in table()
    ] == []


def test_every_type_has_a_name_in_both_languages(prepared):
    """The page says 전화번호 and phone numbers, never PHONE."""
    _, report, page = prepared

    assert [kind for kind in KINDS if f"report.type_{kind}" not in table()] == []
    for kind in report["masked"]:
        assert f"<td>{_in_both(f'report.type_{kind}')}</td>" in page


def _in_both(key: str) -> str:
    return "".join(f'<span class="in-{lang}" lang="{lang}">{text_in(lang, key)}</span>' for lang in LANGUAGES)


def test_each_rule_has_a_count_and_a_masked_example(prepared):
    """File names and the paths of links are left out; names are placeholders."""
    _, report, _ = prepared

    shown = {rule["rule"]: (rule["count"], rule["example"]) for rule in report["rules"]}
    assert shown["file"][1] == "파일: ….pdf"
    assert shown["media"] == (1, "사진")
    assert shown["system"][1] == "[[PERSONA]]님이 [[PARTNER]]님을 초대했습니다."
    assert shown["link"][1].startswith("https://example.com/…") or "[[URL]]" in shown["link"][1]
    assert {"bot", "notice"} <= set(shown)


def test_the_report_has_what_others_read(prepared):
    """The model card, the summary and the tests rely on these."""
    _, report, _ = prepared

    assert report["messages"] == 18 + 7 + 2 + 60 + 6
    assert report["examples"]["train"] + report["examples"]["validation"] == 27
    assert set(report["dropped"]) == {rule["rule"] for rule in report["rules"]}
    assert report["masked"]["PHONE"] >= 3
    assert report["tokens"]["limit"] == 1024
    assert sum(bar["count"] for bar in report["tokens"]["histogram"]) == 27
    assert sum(bar["count"] for bar in report["session_lengths"]["histogram"]) == report["sessions"]


def test_twenty_examples_are_shown_with_what_is_learned_marked(prepared):
    """Persona bubbles that carry loss are coloured."""
    _, report, page = prepared

    assert len(report["samples"]) == 20
    learned = sum(len(t["bubbles"]) for sample in report["samples"] for t in sample["turns"] if t["learned"])
    assert page.count('<div class="bubble persona learned">') == learned > 20


def test_token_bars_end_with_the_longest_example():
    """Short examples fill the plot however far the limit is; what is longer than the limit shares a bar."""
    ends = [[bar[1] for bar in _token_bars(Counter(lengths), 1000)] for lengths in ([90], [990], [1200], [])]

    assert ends[0] == [8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96]
    assert ends[1][-2:] == [960, 1000]
    assert ends[2][-2:] == [1000, None]
    assert ends[3] == [1]


def test_the_limit_is_drawn_where_it_is_reached_and_pointed_to_where_it_is_not():
    """Either way its number stands in the plot."""
    rows = [Bar("1–512", (3,)), Bar("513–1024", (1,)), Bar("1025+", (1,))]

    assert '<line x1="226.7"' in bars(rows, limit="1,024", limit_after=2)
    assert ">1,024</text>" in bars(rows, limit="1,024", limit_after=2)
    assert ">1,024 →</text>" in bars(rows[:1], limit="1,024")


def test_labels_leave_room_for_each_other():
    """Twelve short ones stand side by side, of twelve long ones every third."""
    short, long = (bars([Bar(label, (1,))] * 12).count('class="tick"') - 1 for label in ("7", "321–352"))

    assert (short, long) == (12, 6)


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_hangs_over_the_edge_of_a_phone(folder, dark):
    """In either language the page is as wide as the screen, and no text stands outside its card."""
    with chromium_page(width=360, height=780, dark=dark) as page:
        page.goto((folder / "report.html").as_uri())
        for lang in LANGUAGES:
            page.locator(f"label[for={lang}]").click()
            page.screenshot(
                path=screenshots() / f"report-{lang}-{'dark' if dark else 'light'}.png", full_page=True
            )

            assert page.evaluate("document.documentElement.scrollWidth") == 360
            assert page.evaluate(OVERHANGING) == []


def test_bars_stand_on_the_floor_and_the_highest_reaches_the_ceiling():
    """Heights are shares of the highest bar; labels are escaped."""
    svg = bars([Bar("<a>", (1, 3)), Bar("b", (2, 0))])

    assert re.findall(r'height="([\d.]+)" class="(part\d)"', svg) == [
        ("24.0", "part0"),
        ("72.0", "part1"),
        ("48.0", "part0"),
    ]
    assert "&lt;a&gt;: 1 + 3" in svg


def test_nothing_to_draw_is_drawn_as_nothing():
    """No division by zero."""
    assert "<rect" not in bars([])
    assert "<rect" not in bars([Bar("a", (0,))])
