"""Who comes in: the secrets that open a Space's two doors, and the link for her phone.

    secret = invite_secret(there, "me/talk-space", seal, anew=False)
    show_link("https://me-talk-space.hf.space", secret)     # with a QR code to point the phone at

The Space's card is the same for everyone: its ``hf_oauth`` only offers a sign-in, and who may come in by it stands in the
secret ALLOWED_USERS. So a workflow that may see no secret sends the same card.
"""

import re
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from persona_core.errors import HubError, SettingsError
from persona_core.hub import client, hub_errors
from persona_core.invite import make_invite
from trainer.deploy.plan import Secret, Space
from trainer.deploy.seal import Seal, new_salt
from trainer.progress import console, say

INVITE, ALLOWED = "INVITE_SECRET", "ALLOWED_USERS"  # see space/configuration.py
DOORS = (INVITE, ALLOWED)
API_KEY = "PERSONA_API_KEY"  # of programs, which come by none of the doors; set by hand alone
LINK_DAYS = 7  # to open it once, which lets her in for months; an old message does not stay a key for ever
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,40}")
_QUIET_MODULES = 4  # of white around the code, as the standard asks


def guests(names: Sequence[str]) -> str:
    """The value of ALLOWED_USERS, after the Hub knew every name; empty for nobody.

    Raises:
        SettingsError: nobody has that name: whoever took it later would be let in.
    """
    api = client()
    for name in names:
        if not _USER.fullmatch(name):
            raise SettingsError("deploy.no_user", user=name)
        try:
            with hub_errors(name):
                api.get_user_overview(name)
        except HubError as error:
            if error.values.get("status") == 404:
                raise SettingsError("deploy.no_user", user=name) from None
            raise
    return ",".join(sorted({name.lower() for name in names}))


def invite_secret(there: Space | None, space: str, seal: Seal, *, anew: bool) -> Secret | None:
    """The secret that signs her links: the one that is set, or a new one. None: one is set that only another machine knows.

    A new one ends every link and visit of the old one, so that is made only where there is none, or when asked for.
    """
    mark = there.secrets.get(INVITE) if there else None
    if mark is not None and not anew:
        known = seal.reveal_invite_secret(space, INVITE, mark)
        return Secret(known, mark) if known else None
    salt = new_salt()
    value = seal.invite_secret(space, salt)
    return Secret(value, seal.mark(space, INVITE, value, salt))


def show_link(page: str, secret: Secret) -> str:
    """Print a link that opens ``page``, and its QR code where there is a terminal it fits into. Returns the link."""
    link = f"{page}/invite/{make_invite(secret.value, LINK_DAYS)}"
    code = qr_code(link)
    if console().is_terminal and cell_len(code.plain.partition("\n")[0]) <= console().width:
        console().print(code)
    say("deploy.invite", link=link, days=LINK_DAYS)
    return link


def qr_code(link: str) -> Text:
    """``link`` for a camera: two rows of modules a line, black on white whatever the terminal's colours are."""
    import segno

    rows = [list(row) for row in segno.make(link, error="l", micro=False).matrix_iter(border=_QUIET_MODULES)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    halves = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
    lines = (
        "".join(halves[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )
    return Text("\n".join(lines), style="#000000 on #ffffff", no_wrap=True)
