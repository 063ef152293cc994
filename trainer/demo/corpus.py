"""Neutral Korean chats, written by us, from which the demo's base model learned to talk.

The text lives beside this module in ``corpus/*.txt``. A topic file holds blocks, parted by empty lines; a block is a
run of exchanges between a user and an assistant::

    ? 식사 하셨어요? | 밥 드셨어요?              what the user says, politely
    ~ 밥 먹었어? | 밥은?                         the same, casually
    = 네, {food:을} 먹었어요. (맛있었어요./)     what fits as an answer: {slot:particle}, (one/or another)
    !sad                                         the user's emoticons in this block are tears

A slot keeps its filling within a block, so "{food} 좋아해?" is answered about that food. Answers are written politely;
in a part of the conversations they are said in plain 해체 and typed as friends type (see `casual`). `conversations`
draws from all of it, for ever, the same for the same seed.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from persona_core.prompt import OPENING, SYSTEM_PROMPT
from trainer.demo.casual import casual, texted

FOLDER = Path(__file__).parent / "corpus"
NOT_TOPICS = ("slots", "plain", "system")

# How often each thing happens.
CASUAL = 0.45  # of the users
PLAIN_ANSWERS = {True: 0.75, False: 0.22}  # to a casual user, to a polite one: in 46 % of the conversations
SYSTEM = 0.5
DEFAULT_SYSTEM = 0.4  # of the conversations with a system prompt: the one the pipeline uses
ASSISTANT_OPENS = 0.2  # roles swapped: the assistant asks, the user answers
TWO_TOPICS = 0.07  # one user turn of two bubbles, answered bubble by bubble
NEXT_EXCHANGE = 0.75  # going on within a block instead of changing the subject
BUBBLES = 0.25  # a polite answer of several sentences comes in several bubbles
EXCHANGES = (1, 2, 3, 4, 7, 10)
EXCHANGE_WEIGHTS = (30, 30, 20, 12, 5, 3)  # a few long chats, so that later positions are trained too
EVERYDAY = ("greeting", "meal", "smalltalk")  # topics every chat has; drawn twice as often


@dataclass(frozen=True, slots=True)
class Message:
    """One turn in a chat template's words: role is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """Ways to say one thing and ways to answer it."""

    polite: tuple[str, ...]
    casual: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Exchanges that follow each other on one subject."""

    exchanges: tuple[Exchange, ...]
    sad: bool


def _variants(line: str) -> tuple[str, ...]:
    return tuple(variant.strip() for variant in line.split("|"))


def _block(lines: list[str]) -> Block:
    exchanges: list[Exchange] = []
    said: dict[str, tuple[str, ...]] = {"?": (), "~": ()}
    for mark, text in ((line[0], line[1:]) for line in lines):
        if mark in said:
            said[mark] += _variants(text)
        elif mark == "=":
            exchanges.append(Exchange(said["?"], said["~"], _variants(text)))
            said = {"?": (), "~": ()}
    return Block(tuple(exchanges), "!sad" in lines)


@cache
def blocks() -> tuple[Block, ...]:
    """Every block of every topic, everyday topics twice."""
    found: list[Block] = []
    for path in sorted(FOLDER.glob("*.txt")):
        if path.stem not in NOT_TOPICS:
            parts = path.read_text(encoding="utf-8").strip().split("\n\n")
            topic = [_block(part.splitlines()) for part in parts]
            found += topic * (2 if path.stem in EVERYDAY else 1)
    return tuple(found)


@cache
def slots() -> dict[str, tuple[str, ...]]:
    """Slot name -> its fillings."""
    lines = (FOLDER / "slots.txt").read_text(encoding="utf-8").splitlines()
    return {name: _variants(rest) for name, _, rest in (line.partition(":") for line in lines)}


@cache
def _lines(stem: str) -> tuple[str, ...]:
    return tuple((FOLDER / f"{stem}.txt").read_text(encoding="utf-8").splitlines())


# --- filling in ---

_PARTICLES = {  # written after a final consonant -> after a vowel
    "을": "를",
    "이": "가",
    "은": "는",
    "과": "와",
    "이랑": "랑",
    "으로": "로",
    "이라": "라",
    "이라는": "라는",
    "이에요": "예요",
    "이었어요": "였어요",
}
_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{([a-z_]+)(\d?)(?::([가-힣]+))?\}")
_RIEUL = 8  # index of ㄹ among the final consonants; 으로 becomes 로 after it


def with_particle(word: str, particle: str) -> str:
    """The word with the form of the particle that its last syllable asks for: 김밥 + 을, 피자 + 를."""
    final = (ord(word[-1]) - ord("가")) % 28
    vowel = final == 0 or (particle == "으로" and final == _RIEUL)
    return word + (_PARTICLES.get(particle, particle) if vowel else particle)


class _Filler:
    """Fills templates; remembers what each slot was filled with until `forget`."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._bound: dict[str, str] = {}

    def forget(self) -> None:
        self._bound.clear()

    def fill(self, template: str) -> str:
        chosen = _CHOICE.sub(lambda match: self._rng.choice(match[1].split("/")), template)
        return _SLOT.sub(self._slot, chosen).strip()

    def _slot(self, match: re.Match[str]) -> str:
        name, number, particle = match.groups()
        key = name + number
        if key not in self._bound:
            free = [word for word in slots()[name] if word not in self._bound.values()]
            self._bound[key] = self._rng.choice(free)
        return with_particle(self._bound[key], particle or "")


# --- speaking ---

_ASKS_POLITENESS = ("존댓말", "공손")  # system prompts that do not go with plain answers


class _Speaker:
    """Turns exchanges into messages, with the little irregularities of typed chat."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._filler = _Filler(rng)
        self._casual = self.plain = False

    def begin(self) -> None:
        """Draws who speaks how in the conversation that follows."""
        self._casual = self._rng.random() < CASUAL
        self.plain = self._rng.random() < PLAIN_ANSWERS[self._casual]

    def new_subject(self) -> None:
        self._filler.forget()

    def user(self, exchange: Exchange, *, sad: bool) -> str:
        if self._casual and exchange.casual:
            return self._typed(self._filler.fill(self._rng.choice(exchange.casual)), sad=sad)
        text = self._filler.fill(self._rng.choice(exchange.polite))
        if self._rng.random() < 0.1:
            text = f"{self._rng.choice(slots()['polite_call'])} {text}"
        return text.removesuffix(".") if self._rng.random() < 0.15 else text

    def answer(self, variants: tuple[str, ...], *, sad: bool) -> str:
        """One of ``variants``, all polite, in the assistant's register."""
        template = self._rng.choice(variants)
        if self.plain and self._rng.random() < 0.6:  # typed in haste, objects lose their particle
            template = re.sub(r":을(?=\} )", "", template)
        text = self._filler.fill(template)
        turned = casual(text) if self.plain else text
        if turned != text:
            return texted(turned, self._rng, sad=sad)
        return re.sub(r"(?<=[.?!]) ", "\n", text) if self._rng.random() < BUBBLES else text

    def opening(self, exchange: Exchange, *, sad: bool) -> str:
        """What the user would say, said by the assistant."""
        if self.plain:
            text = self._filler.fill(self._rng.choice(exchange.casual))
            return texted(text, self._rng, sad=sad)
        return self.answer(exchange.polite, sad=sad)

    def _typed(self, text: str, *, sad: bool) -> str:
        rng = self._rng
        if rng.random() < 0.2:
            text = text.removesuffix("?")
        if rng.random() < 0.1:
            text = text.replace(" ", "")
        if rng.random() < 0.35:
            tail = rng.choice(slots()["cry" if sad else "laugh"])
            if tail.isalpha() or not text.endswith("?"):
                text += rng.choice(("", " ")) + tail
        if rng.random() < 0.15:
            text = rng.choice(slots()["call"]) + rng.choice((" ", "\n")) + text
        return text


def _subject(speaker: _Speaker, block: Block, rng: random.Random, most: int) -> Iterator[Message]:
    """One block played from its start, at most ``most`` exchanges."""
    speaker.new_subject()
    for number, exchange in enumerate(block.exchanges[:most]):
        if number and rng.random() > NEXT_EXCHANGE:
            return
        yield Message("user", speaker.user(exchange, sad=block.sad))
        yield Message("assistant", speaker.answer(exchange.answers, sad=block.sad))


def _swapped(speaker: _Speaker, block: Block) -> Iterator[Message]:
    """One block with the roles swapped: the assistant opens."""
    speaker.new_subject()
    before = OPENING
    for exchange in block.exchanges:
        yield Message("user", before)
        yield Message("assistant", speaker.opening(exchange, sad=block.sad))
        before = speaker.answer(exchange.answers, sad=block.sad)


def _two_topics(speaker: _Speaker, pair: list[Block]) -> Iterator[Message]:
    """Two bubbles on two subjects, and an answer to each."""
    said: list[str] = []
    answered: list[str] = []
    for block in pair:
        speaker.new_subject()
        said.append(speaker.user(block.exchanges[0], sad=block.sad))
        answered.append(speaker.answer(block.exchanges[0].answers, sad=block.sad))
    yield Message("user", "\n".join(said))
    yield Message("assistant", "\n".join(answered))


def _system(rng: random.Random, *, plain: bool) -> Iterator[Message]:
    if rng.random() < SYSTEM:
        own = [
            line
            for line in _lines("system")
            if not (plain and any(word in line for word in _ASKS_POLITENESS))
        ]
        yield Message("system", rng.choice(own) if rng.random() >= DEFAULT_SYSTEM else SYSTEM_PROMPT)


def _conversation(rng: random.Random, speaker: _Speaker) -> tuple[Message, ...]:
    speaker.begin()
    messages = list(_system(rng, plain=speaker.plain))
    exchanges = rng.choices(EXCHANGES, EXCHANGE_WEIGHTS)[0]
    start = len(messages)
    if rng.random() < ASSISTANT_OPENS:
        messages += _swapped(speaker, rng.choice(blocks()))
    while len(messages) - start < 2 * exchanges:
        if rng.random() < TWO_TOPICS:
            messages += _two_topics(speaker, rng.sample(blocks(), 2))
        else:
            left = exchanges - (len(messages) - start) // 2
            messages += _subject(speaker, rng.choice(blocks()), rng, left)
    return tuple(messages)


def conversations(seed: int) -> Iterator[tuple[Message, ...]]:
    """Conversations without end: a system prompt in half of them, then user and assistant in turn."""
    rng = random.Random(seed)
    speaker = _Speaker(rng)
    while True:
        yield _conversation(rng, speaker)


def plain_sentences(seed: int, count: int) -> Iterator[str]:
    """Sentences that are no chat, for the tokenizer: other endings than a chat's."""
    rng = random.Random(seed)
    filler = _Filler(rng)
    for _ in range(count):
        filler.forget()
        yield filler.fill(rng.choice(_lines("plain")))
