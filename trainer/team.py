"""Several processes, one run: `accelerate launch … -m trainer.cli train …` starts the same command in each.

    with leading():          the first process looks up and plans; the others wait, and read what it wrote
        …
    total(3, 0.5)            the sums over the processes, in each of them

The first leads: it alone prepares, writes, prints and exports. The others only train. One process leads itself.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = timedelta(hours=12)  # the others wait while the first reads and masks years of chat
ANSWER = timedelta(seconds=10)  # from the store of the same machine

# What makes a process one of several: none of it is for the programs that we start.
VARIABLES = frozenset({"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"})


def size() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Which of them this is, from 0."""
    return int(os.environ.get("RANK", "0"))


def leads() -> bool:
    """Whether this process is the one that prepares, writes, prints and exports."""
    return rank() == 0


def assemble() -> None:
    """Find the others; nothing where there are none. Before the first thing they do together."""
    if size() > 1:
        from accelerate import PartialState

        PartialState(timeout=PATIENCE)


def part() -> None:
    """The shared work is done: from here on this process is alone."""
    if _assembled():
        from torch import distributed

        distributed.barrier()
        distributed.destroy_process_group()


def wait() -> None:
    """Wait until every process is here."""
    if _assembled():
        from torch import distributed

        distributed.barrier()


@contextmanager
def leading() -> Iterator[None]:
    """The first process runs the block, then the others do. Where the first fails, the launcher ends the others."""
    if not leads():
        wait()
    yield
    if leads():
        wait()


@contextmanager
def together() -> Iterator[None]:
    """The block is work that all share. Where another process has stopped, this one does, too, and says nothing of it.

    Raises:
        SystemExit: another process has stopped; it tells why.
    """
    from torch import distributed

    try:
        yield
    except RuntimeError as error:  # NCCL's is a DistError; gloo's can be told by its text alone
        if _assembled() and (isinstance(error, distributed.DistError) or "/gloo/" in str(error)):
            raise SystemExit(1) from None
        raise


def is_first(what: str) -> bool:
    """Whether no other process has asked the same before: of those that fail alike, one does ``what`` is to be done."""
    if not _assembled():
        return leads()
    from torch import distributed

    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    try:
        store = distributed.TCPStore(address, port, is_master=False, timeout=ANSWER)
        return bool(store.add(f"persona/{what}", 1) == 1)
    except distributed.DistError:  # the process that kept it is gone
        return True


@contextmanager
def dismissed_on_failure() -> Iterator[None]:
    """Where the block of the first process fails, the others, who wait to `hear`, learn that there is nothing to do."""
    try:
        yield
    except BaseException:
        tell(None)
        raise


def share(rows: Sequence[T]) -> Sequence[T]:
    """The part of ``rows`` that is this process' to work on."""
    return rows[rank() :: size()] if _assembled() else rows


def total(*numbers: float) -> list[float]:
    """Each of ``numbers`` summed over the processes."""
    if not _assembled():
        return list(numbers)
    import torch
    from torch import distributed

    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    sums = torch.tensor(numbers, dtype=torch.float64, device=device)
    distributed.all_reduce(sums)
    return list(sums.tolist())


def tell(value: object) -> None:
    """Tell the others, who `hear` it."""
    gathered(value)


def hear() -> Any:
    """What the first process tells; waits for it."""
    return gathered(None)[0]


def gathered(value: T) -> list[T]:
    """What each process passes as ``value``, in each of them."""
    if not _assembled():
        return [value]
    from torch import distributed

    values: list[Any] = [None] * size()
    distributed.all_gather_object(values, value)
    return values


def _assembled() -> bool:
    if size() == 1:
        return False
    from torch import distributed

    return bool(distributed.is_initialized())
