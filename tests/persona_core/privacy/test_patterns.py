"""What the patterns take for personal data, type by type, and what they leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.privacy import detect


def found(text):
    return [(text[span.start : span.end], span.type) for span in detect(text)]


# Keys of accounts, written in two parts lest a scanner take them for somebody's.
KEYS = (
    "hf" + "_abcdefghijklmnopqrstuvwxyz012345",
    "sk" + "-proj-abcd_efgh-ijklmnopqrst0000",
    "ghp" + "_abcdefghijklmnopqrstuvwxyz0000000000",
    "github" + "_pat_00ABCDEFGHIJKL_abcdefghijklmnop",
    "AKIA" + "ABCDEFGHIJKLMNO0",
    "xoxb" + "-000000000000-abcdefghijklmnop",
    "glpat" + "-abcdefghij-000000000",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("번호는 01000001234로", ("01000001234", "PHONE")),
        ("+82 10-0000-1234", ("+82 10-0000-1234", "PHONE")),
        ("010-0000\n1234", ("010-0000\n1234", "PHONE")),
        ("051)000-2345", ("051)000-2345", "PHONE")),
        ("포인트 뒷자리 1234", ("1234", "PHONE")),
        ("010-0000에 8890", ("010-0000에 8890", "PHONE")),
        ("번호 공일공 다음에 0000 5511", ("0000 5511", "PHONE")),
        ("900101-1234567이야", ("900101-1234567", "RRN")),
        ("주민 900101 2 048821", ("900101 2 048821", "RRN")),
        ("210101-3000000", ("210101-3000000", "RRN")),  # after 2020 there is no check digit
        ("900101-1******", ("900101-1******", "RRN")),
        ("900101-5000000", ("900101-5000000", "FRN")),
        ("4111-1111-1111-1111", ("4111-1111-1111-1111", "CARD")),
        ("4111111111111111", ("4111111111111111", "CARD")),
        ("신한카드(1*3*) 승인", ("1*3*", "CARD")),
        ("카드 유효기간 09/28", ("09/28", "CARD_EXP")),
        ("유효기간 2027년 3월까지", ("2027년 3월", "CARD_EXP")),
        ("cvc 123", ("123", "CARD_CVC")),
        ("뒤에 세자리 392야", ("392", "CARD_CVC")),
        ("법카 9410000012340000", ("9410000012340000", "CARD")),
        ("기업은행 01000001234 평생계좌", ("01000001234", "ACCOUNT")),
        ("우리은행일공공이오오영영공일이삼사", ("일공공이오오영영공일이삼사", "ACCOUNT")),
        ("신한 110-000-123456으로", ("110-000-123456", "ACCOUNT")),
        ("110000123456 신한", ("110000123456", "ACCOUNT")),
        ("M12345678", ("M12345678", "PASSPORT")),
        ("11-12-345678-90", ("11-12-345678-90", "DRIVER_LICENSE")),
        ("220-81-62517", ("220-81-62517", "BRN")),
        ("현관 비번 #1203*5678", ("#1203*5678", "PASSCODE")),
        ("비번은1234567이야", ("1234567", "PASSCODE")),
        ("인증번호 [384756]", ("384756", "PASSCODE")),
        ("도어락 별 사팔이일 별", ("별 사팔이일 별", "PASSCODE")),
        ("비번은 ㄱㄴㄷ1234", ("ㄱㄴㄷ1234", "PASSCODE")),
        ("1996.04.12 출생", ("1996.04.12", "BIRTHDAY")),
        ("엄마 음력 3월 8일이야", ("음력 3월 8일", "BIRTHDAY")),
        ("생일이 8월 12일", ("8월 12일", "BIRTHDAY")),
        ("98년생", ("98년생", "BIRTHDAY")),
        ("a.b@example.com으로", ("a.b@example.com", "EMAIL")),
        ("minsu 골뱅이 네이버 닷컴", ("minsu 골뱅이 네이버 닷컴", "EMAIL")),
        ("seoyeon점lee골뱅이gmail점com", ("seoyeon점lee골뱅이gmail점com", "EMAIL")),
        ("인스타 dy_kim", ("dy_kim", "SNS_ID")),
        ("12가3456", ("12가3456", "VEHICLE")),
        ("송장 123456789012", ("123456789012", "TRACKING")),
        ("37.5665, 126.9780", ("37.5665, 126.9780", "COORD")),
        ("N37.5665 E126.9780", ("N37.5665 E126.9780", "COORD")),
        ("https://mcard.example.com/m/seoyeondoyun", ("https://mcard.example.com/m/seoyeondoyun", "URL")),
        ("https://open.kakao.com/o/abc", ("https://open.kakao.com/o/abc", "URL")),
        ("https://user:0000@example.com/ 봐", ("https://user:0000@example.com/", "URL")),
        *((f"키는 {key}이야", (key, "PASSCODE")) for key in KEYS),
        ("서울시 강남구 테헤란로 152로 와", ("서울시 강남구 테헤란로 152", "ADDRESS")),
        ("역삼동 123-4", ("역삼동 123-4", "ADDRESS")),
        ("성산로4길 스물한번지", ("성산로4길 스물한번지", "ADDRESS")),
        ("백일동 팔백삼호야", ("백일동 팔백삼호", "ADDRESS")),
        ("101동 1502호야", ("101동 1502호", "ADDRESS")),
        ("205-1103 호 앞에 두고가", ("205-1103 호", "ADDRESS")),
    ],
)
def test_one_of_each_form(text, expected):
    """The value is found to its last digit, and the particle behind it stays."""
    assert found(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "8801043014830",  # a barcode that looks like a resident number of 2088
        "101번 버스",
        "1588-1234",
        "2002 2006 2010",
        "10-11시",
        "강남대로점",
        "테헤란로 막힌다",
        "집으로 3시까지",
        "203호 강의실",
        "101동 옆",
        "우리 10시에 하나 국민",
        "비번 4자리야?",
        "쿠폰 유효기간 12/31까지",
        "방 302호로 바꿔달랬어 호텔",
        "음력 1월 1일이 설날",
        "보증금 1000에 50",
        "스물한번 말했다",
        "뒤에 세자리 남았어",
        "https://search.naver.com/search.naver?query=청첩장",
        "생일 선물 10/20에 도착",
        "골뱅이 무침",
        "hf_transformers 설치해",
        "sk-ii-pitera-essence-set",
        "AKIA 키 있어?",
        "https://www.youtube.com/watch?v=sk-abc@def",
        "인스타 dm",
        "1,234,567,890원",
        "3.141592653589",
        "https://youtu.be/dQw4w9WgXcQ",
        "https://n.news.naver.com/article/001/0012345678",
    ],
)
def test_false_friends_stay(text):
    """What only looks like personal data is not touched."""
    assert found(text) == []


def test_a_link_to_a_film_is_kept_whole():
    """The digits of a harmless link are not taken for an account, those beside it are."""
    assert found("https://www.coupang.com/vp/products/110000123456 110000123456") == [
        ("110000123456", "ACCOUNT")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "가로 1" * 4000,
        "1-" * 10_000,
        "a@." * 7000,
        "비번 " * 6000,
        "a점" * 8000,
        "백이" * 8000,
        "별 1" * 5000,
        "sk-" * 7000,
        "010에 " * 4000,
        "\u200b1" * 9000,
        "1" * 20_000,
        "ㅇ" * 20_000,
    ],
)
@pytest.mark.timeout(20)
def test_no_line_takes_long(text):
    """Patterns are bounded: a line made to hurt them is read like any other."""
    detect(text)


digit = st.integers(0, 9).map(str)
said = st.sampled_from(("", "로 전화해", "이야", " 저장해", " 3시에 전화해", "임", " 25000원", "에 전화"))


@given(st.sampled_from(("-", " ", "", ".", " - ", "ㅡ", "–")), st.tuples(digit, digit, digit, digit), said)
def test_a_mobile_number_in_any_dress(between, last, after):
    """Whatever stands between the groups and behind the number, it is found to its last digit."""
    number = between.join(("010", "0000", "".join(last)))
    assert found(f"번호는 {number}{after}") == [(number, "PHONE")]


@given(
    st.sampled_from(("국민 ", "신한은행 ", "카뱅", "새마을금고 ", "농협 ", "계좌번호: ")),
    st.sampled_from(
        ((6, 2, 6), (3, 3, 6), (4, 3, 6), (3, 6, 5), (3, 4, 4, 2), (3, 6, 2, 3), (4, 2, 7), (12,))
    ),
    st.sampled_from(("-", " ", "")),
    st.sampled_from(("", "로", "이야", " 3만원", " 25000원 보내줘", "입니다")),
)
def test_an_account_of_any_bank(bank, groups, between, after):
    """However a bank groups its digits, and with an amount behind it."""
    digits = iter("3521908642075319")
    number = between.join("".join(next(digits) for _ in range(size)) for size in groups)
    assert found(f"{bank}{number}{after}") == [(number, "ACCOUNT")]
