"""What the Hub says of a token, where what answers may be no Hub."""

import pytest

from tests.hub.faults import Fault
from trainer.tuning.account import Account, inspect_account

PAGE = "minsu/log-in"


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("status", "headers"),
    [(302, {"location": f"/{PAGE}/resolve/main/.gitattributes"}), (200, {})],
    ids=["a page where a network wants a log-in", "JSON that names nobody"],
)
def test_an_answer_that_cannot_be_read_tells_that_there_is_a_token(hub, monkeypatch, status, headers):
    """The rest of the diagnosis comes without the account, and without a traceback."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    hub.api().create_repo(PAGE, private=False)
    hub.control.inject(Fault.answer(status, headers=headers, path="whoami"))

    assert inspect_account() == Account(token=True)
