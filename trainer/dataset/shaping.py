"""Sessions -> masked examples: the costly part, done batch by batch, in one process or in several.

A batch is a list of (number of the session, what was said in it), or of finished examples that were read from a
file. What comes back is in the batches' order, whatever the processes do, so the same export gives the same bytes.
"""

import signal
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import NamedTuple

from persona_core.errors import DataError
from persona_core.privacy import Masker
from persona_core.prompt import OPENING, ChatFormat, Turn
from trainer.chatlog.senders import is_service
from trainer.dataset.curation import Spoken, rule_of_text
from trainer.dataset.example import Example
from trainer.dataset.formats import fresh
from trainer.dataset.likeness import NEW, exchange, fingerprint, is_short, sketch
from trainer.dataset.people import renumber
from trainer.dataset.specimen import shortened, specimen
from trainer.dataset.tally import Tally
from trainer.dataset.turns import WORDLESS, to_turns
from trainer.dataset.windows import TOKENS_PER_TURN, estimated_tokens, spans
from trainer.settings import Settings

Session = Sequence[Spoken]
Item = tuple[int, Session | Example]
Batch = Sequence[Item]

_AHEAD = 2  # batches under way for each process: enough to keep it busy, few enough to keep memory even


class People(NamedTuple):
    """Who speaks in a chat, and the words that are names there (see `persona_core.privacy.learn`)."""

    speakers: Sequence[str]
    learned: Mapping[str, int]


NOBODY = People((), {})


@dataclass(frozen=True, slots=True)
class Order:
    """What a process must know to shape batches."""

    persona: tuple[str, ...]  # the display name, then what else the chat calls the person
    partner: tuple[str, ...]
    nicknames: tuple[str, ...]
    others: tuple[str, ...]  # whoever else speaks in a group, and whom the settings name
    learned: Mapping[str, int]
    max_length: int  # tokens of an example, system prompt included
    chat_format: ChatFormat

    @classmethod
    def of(cls, settings: Settings, people: People, chat_format: ChatFormat) -> "Order":
        """What ``settings`` ask for in a chat of these ``people``."""
        two = (settings.me, settings.partner)
        others = tuple(name for name in people.speakers if name not in two and not is_service(name))
        return cls(
            persona=(settings.me, *settings.my_names),
            partner=(settings.partner, *settings.partner_names),
            nicknames=settings.nicknames,
            others=others + settings.names,
            learned=people.learned,
            max_length=settings.max_length,
            chat_format=chat_format,
        )

    @property
    def overhead(self) -> int:
        """About how many tokens an example takes before anything is said, from above."""
        return min(
            len(self.chat_format.system_prompt) + TOKENS_PER_TURN + estimated_tokens(WORDLESS),
            self.max_length // 2,
        )


class Record(NamedTuple):
    """One example, ready to be written, and what decides whether it is."""

    line: str
    session: int
    turns: int  # persona turns that carry loss
    labels: int  # their bubbles: the persona's messages
    tokens: int  # estimated, from above
    identity: int  # equal for equal examples; `likeness.NEW` where equality says nothing
    sketch: bytes
    exchanges: (
        bytes  # 8-byte fingerprints of each trained turn with what it answers; `likeness.NEW` for a short one
    )
    replies: bytes  # and of each alone


class Shaped(NamedTuple):
    """What became of one batch."""

    records: list[Record]
    tally: Tally


class Shaper:
    """Curates, masks and cuts; one for each process."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._budget = order.max_length - order.overhead
        self._masker = Masker(
            order.persona, order.partner, order.nicknames, order.others, learned=order.learned
        )
        self._shown: set[str] = set()  # rules the report has an example of

    def shape(self, batch: Batch) -> Shaped:
        """The examples of a batch."""
        tally, records = Tally(), list[Record]()
        dropped: list[tuple[str, str]] = []  # (rule, words): masked for the report when the counts are taken
        before = Counter(self._masker.counts)
        for number, said in batch:
            examples = (
                [self._masked_example(said)]
                if isinstance(said, Example)
                else self._examples(said, tally, dropped)
            )
            records += [self._record(number, example) for example in examples]
        tally.masked = Counter(self._masker.counts) - before
        for rule, text in dropped:
            if text and rule not in self._shown:
                self._shown.add(rule)
                tally.drop(rule, count=0, example=specimen(text, self._masker, rule))
        return Shaped(records, tally)

    def _masked_example(self, example: Example) -> Example:
        return Example(tuple(self._masked(example.turns)), example.trained)

    def _examples(self, session: Session, tally: Tally, dropped: list[tuple[str, str]]) -> Iterator[Example]:
        judged = [s if s.rule else s._replace(rule=self._rule(s.text)) for s in session]
        for spoken in judged:
            if spoken.rule:
                tally.drop(spoken.rule, persona=spoken.by_persona)
                dropped.append((spoken.rule, spoken.text))
        turns = to_turns(judged)
        for stretch in self._stretches(turns, tally, dropped):
            masked = self._masked(stretch)
            for turn in masked:
                bursts = tally.persona_bursts if turn.role == "persona" else tally.partner_bursts
                bursts[_bubbles(turn)] += 1
            for shorter in self._stretches(masked, tally, dropped):  # placeholders may be longer than names
                yield from self._windows(shorter, tally)

    def _rule(self, text: str) -> str:
        if (
            TOKENS_PER_TURN + len(text) > self._budget
        ):  # it alone fills the context; the turn goes on without it
            return "too_long"
        return rule_of_text(text)

    def _masked(self, turns: Sequence[Turn]) -> list[Turn]:
        """The turns with placeholders; read as one conversation, for a number may go on in the next bubble."""
        bubbles = [bubble for turn in turns for bubble in turn.bubbles]
        masked = iter(renumber(found.text for found in self._masker.mask_bubbles(bubbles)))
        return [Turn(turn.role, tuple(next(masked) for _ in turn.bubbles)) for turn in turns]

    def _stretches(
        self, turns: Iterable[Turn], tally: Tally, dropped: list[tuple[str, str]]
    ) -> Iterator[list[Turn]]:
        """The turns between persona turns that no context could hold; what stands around one is not glued together."""
        stretch: list[Turn] = []
        for turn in turns:
            if turn.role == "persona" and estimated_tokens(turn) > self._budget:
                tally.drop("too_long", count=len(turn.bubbles), persona=len(turn.bubbles))
                dropped.append(("too_long", turn.bubbles[0]))
                yield stretch
                stretch = []
            else:
                stretch.append(turn)
        yield stretch

    def _windows(self, turns: Sequence[Turn], tally: Tally) -> Iterator[Example]:
        heard = reached = 0
        for span in spans(turns, self._budget):
            heard += sum(map(_partner_bubbles, turns[max(span.begin, reached) : span.end]))
            reached = span.end
            yield span.cut(turns)
        if unheard := sum(map(_partner_bubbles, turns[reached:])):
            said = (bubble for turn in turns[reached:] if _partner_bubbles(turn) for bubble in turn.bubbles)
            tally.drop("unanswered", count=unheard, example=shortened(next(said, "")))
        if beyond := sum(map(_partner_bubbles, turns[:reached])) - heard:  # before a reply, out of its reach
            tally.drop("too_long", count=beyond)

    def _record(self, session: int, example: Example) -> Record:
        turns = example.turns
        flags = iter(example.trained)
        trained = [i for i, turn in enumerate(turns) if turn.role == "persona" and next(flags)]
        short = is_short(turns[i] for i in trained)
        return Record(
            line=(line := example.to_json(self._order.chat_format)),
            session=session,
            turns=len(trained),
            labels=sum(len(turns[i].bubbles) for i in trained),
            tokens=self._order.overhead + sum(map(estimated_tokens, turns)),
            identity=NEW if short else fingerprint(line),
            sketch=b"" if short else sketch(fresh(turns, example.trained)),
            exchanges=array("q", (_exchange(turns[max(0, i - 1) : i + 1]) for i in trained)).tobytes(),
            replies=array("q", (exchange(turns[i : i + 1]) for i in trained)).tobytes(),
        )


def _exchange(turns: Sequence[Turn]) -> int:
    return NEW if is_short(turns[-1:]) else exchange(turns)


def _bubbles(turn: Turn) -> int:
    return 0 if turn.bubbles == (OPENING,) else len(turn.bubbles)


def _partner_bubbles(turn: Turn) -> int:
    return _bubbles(turn) if turn.role == "partner" else 0


# --- several processes ---


def shape_all(batches: Iterable[Batch], order: Order, processes: int) -> Iterator[Shaped]:
    """Shape every batch, in order.

    Raises:
        DataError: a process ended without an answer; mostly the memory was full.
    """
    if processes == 1:
        yield from map(Shaper(order).shape, batches)
        return
    # spawn everywhere: it is the only way on Windows, and a fork would copy the progress bar's thread half-way
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(order,))
    try:
        under_way: deque[Future[Shaped]] = deque()
        for batch in batches:
            under_way.append(pool.submit(_shape, batch))
            if len(under_way) > processes * _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool as error:
        raise DataError("dataset.process_died") from error
    finally:
        pool.shutdown(cancel_futures=True)


_shaper: Shaper


def _begin(order: Order) -> None:
    global _shaper  # noqa: PLW0603  # a process of the pool has one, loaded once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the pool
    _shaper = Shaper(order)


def _shape(batch: Batch) -> Shaped:
    return _shaper.shape(batch)
