"""Who answers the held-out moments, each by the serving engine with the sampling and the length of the Space.

    base      the base model, asked as it is served
    examples  the base with a written description of the person and exchanges of his in context: what is free
    tuned     the trained model, asked as it is served

The description is written from what is counted in his own training turns, so it is as good as one who knows him well
could make it. It and the exchanges stay in memory.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from persona_core.engine.pytorch import TorchEngine
from persona_core.manifest import Generation, PersonaManifest
from persona_core.prompt import OPENING, SYSTEM_PROMPT, ChatFormat, Turn, encode, end_of_turn_id
from trainer.dataset.style import Style, StyleCounter
from trainer.fidelity.moments import Moment, spread
from trainer.tuning.evaluation import Trained

LONGEST_REPLY = 64  # tokens; the Space allows more, but only a base that never stops needs it
TOGETHER = 8  # moments answered in one batch: on an 8 GB GPU a base of 4 billion takes 1.2 GB for them at 1,024 tokens
SHOTS = 16  # exchanges in context; where they and the conversation do not fit, the engine forgets the first of them
PHRASES = 12  # of his most frequent messages in the description: ㅇㅇ, ㅋㅋㅋ, 잘자 …

# Written to the model as `persona_core.prompt.SYSTEM_PROMPT` is: Korean, whatever the reader's language.
_DESCRIPTION = (
    "{system} {register} 말풍선 하나는 보통 {length:.0f}자쯤, 한 번에 말풍선 {bubbles:.1f}개. "
    "말풍선 중 ㅋㅋ가 든 것 {laugh:.0%}, ㅎㅎ {soft:.0%}, ㅠㅠ {cry:.0%}. "
    "자주 하는 말: {phrases}. 앞선 대화에서 [[PERSONA]]가 쓴 말투를 그대로 따라 해."
)
_POLITE, _PLAIN, _BOTH = "존댓말을 써.", "반말을 써.", "반말과 존댓말을 섞어 써."


@dataclass(frozen=True, slots=True)
class Contestant:
    """``shots`` stand before every history; ``adapted``: with the adapter."""

    name: str
    adapted: bool
    chat_format: ChatFormat = field(default_factory=ChatFormat)
    shots: tuple[Turn, ...] = ()


def contestants(heard: Sequence[Moment], tokenizer: Any, room: int) -> tuple[Contestant, ...]:
    """The three; ``heard`` are moments of training time, the oldest first, ``room`` is how many tokens a prompt may have.

    Where the description would take more than half of them, examples must do.
    """
    described = ChatFormat(system_prompt=describe(heard))
    if len(encode(tokenizer, (Turn("partner", (OPENING,)),), described).ids) > room / 2:
        described = ChatFormat()
    return (
        Contestant("tuned", adapted=True),
        Contestant("examples", adapted=False, chat_format=described, shots=shots(heard)),
        Contestant("base", adapted=False),
    )


def describe(heard: Sequence[Moment]) -> str:
    """The person in a paragraph, with the system prompt of the Space before it."""
    style, said = _style(heard), Counter(bubble for moment in heard for bubble in moment.reply)
    register = _BOTH if 0.2 < style.polite_share < 0.8 else _POLITE if style.polite_share > 0.5 else _PLAIN
    return _DESCRIPTION.format(
        system=SYSTEM_PROMPT,
        register=register,
        length=style.mean_length,
        bubbles=fmean(len(moment.reply) for moment in heard),
        laugh=style.laugh_share,
        soft=style.soft_laugh_share,
        cry=style.cry_share,
        phrases=", ".join(phrase for phrase, _ in said.most_common(PHRASES)),
    )


def shots(heard: Sequence[Moment]) -> tuple[Turn, ...]:
    """Exchanges evenly over ``heard``: a turn of the partner's and his reply to it each."""
    return tuple(
        turn
        for moment in spread(heard, SHOTS)
        for turn in (moment.history[-1], Turn("persona", moment.reply))
    )


def _style(heard: Sequence[Moment]) -> Style:
    counter = StyleCounter()
    for moment in heard:
        for index, bubble in enumerate(moment.reply):
            counter.add(bubble, opens_turn=index == 0)
    return counter.style()


@dataclass(frozen=True, slots=True)
class Stage:
    """Where contestants answer: the trained model, and how it is served."""

    trained: Trained
    generation: Generation

    @property
    def room(self) -> int:
        """Tokens that a prompt may have."""
        return self.generation.room

    def manifest(self, contestant: Contestant) -> PersonaManifest:
        """What an engine needs to know to answer as ``contestant``."""
        end = end_of_turn_id(self.trained.tokenizer, contestant.chat_format)
        return PersonaManifest(
            self.trained.source.base,
            created_at="",
            end_of_turn_id=end,
            chat_format=contestant.chat_format,
            generation=self.generation,
        )

    @contextmanager
    def model(self, contestant: Contestant) -> Iterator[Any]:
        """The model as ``contestant`` uses it: with or without the adapter."""
        model = self.trained.model.eval()
        if contestant.adapted:
            yield model
        else:
            with model.disable_adapter():
                yield model

    def answer(
        self,
        contestant: Contestant,
        moments: Sequence[Moment],
        seed: int,
        advance: Callable[[float], None] = lambda _: None,
    ) -> list[tuple[str, ...]]:
        """What ``contestant`` says at each of ``moments``; the same for the same ``seed``. Nothing is an empty tuple."""
        replies: list[tuple[str, ...]] = []
        with self.model(contestant) as model:
            engine = TorchEngine(model, self.trained.tokenizer, self.manifest(contestant))
            for first in range(0, len(moments), TOGETHER):
                some = moments[first : first + TOGETHER]
                histories = [(*contestant.shots, *moment.history) for moment in some]
                seeds = range(seed + first, seed + first + len(some))
                replies += [tuple(bubbles) for bubbles in engine.replies(histories, seeds)]
                advance(len(some))
        return replies


def serving(max_length: int) -> Generation:
    """Sampling and prompt of the Space for a model trained on rows of ``max_length`` tokens, its reply cut short."""
    served = Generation.for_rows(max_length)
    return replace(served, max_new_tokens=LONGEST_REPLY, max_context_tokens=served.room + LONGEST_REPLY)
