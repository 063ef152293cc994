"""An evaluated run to be quizzed on: fifteen invented moments, twelve of them fair to ask; and a memory that passes."""

from pathlib import Path

from persona_core.prompt import Turn
from trainer.fidelity.answers import Answered, write_answers
from trainer.fidelity.memory import Memory
from trainer.run import Run, open_run
from trainer.settings import Settings

KEPT = Memory(
    canaries=4,
    exposure=1.4,
    most_exposed=3.0,
    recited=0,
    copied=0.05,
    copied_by_him=0.04,
    longest=14,
    longest_by_him=16,
    drawn_out=0.0,
    drawn_out_unseen=0.0,
    drawn_out_by_base=0.0,
    held_back=0.01,
    private=0.0,
)


def answered(asked: str, real: tuple[str, ...], tuned: tuple[str, ...], before: int = 0) -> Answered:
    """A moment after ``before`` exchanges of small talk."""
    talk = (Turn("partner", ("ㅎㅇ",)), Turn("persona", ("ㅎㅎ",))) * before
    return Answered((*talk, Turn("partner", (asked,))), {"real": real, "tuned": tuned, "base": ("?",)})


def evaluated_run(folder: Path, generated: str = "아니 {}번 몰라") -> Run:
    """The run at ``folder`` with an answers.json; ``generated`` is what the model says."""
    run = open_run(folder, Settings(me="김도윤", partner="이서연"), {})
    fair = [
        answered(
            f"[[PERSONA]]아 {i}번 봤어?",
            (f"웅 [[PARTNER]]아 {i}번", "ㅋㅋ"),
            ("[[PHONE]]", generated.format(i)),
            before=i,
        )
        for i in range(12)
    ]
    unfair = [
        answered("[[PHONE]] 맞아?", ("웅",), ("아니",)),
        answered("번호 뭐야?", ("[[PHONE]]",), ("몰라",)),
        answered("자?", ("웅",), ("웅",)),
    ]
    write_answers(folder, [*fair, *unfair])
    return run
