"""Whether a secret of a Space is still what it shall be, though the Hub never tells its value again.

    seal = Seal.of_this_machine()                                   # seal.keep() before a mark of it is used
    mark = seal.mark("me/talk-space", "PARTNER_NAME", "서연")       # "kakao-persona 5f0c…:9ab1…": its description
    seal.fits("me/talk-space", "PARTNER_NAME", "서연", mark)        # True: leave it, a change would restart the Space

The mark is an HMAC-SHA256 of Space, name and value under a random salt, keyed with 32 random bytes that lie beside the
Hub's token on this machine (readable by its owner alone) and nowhere else. A salted hash without a key would not do: a
given name is one of a few thousand, and who can read descriptions could try them all. With the key missing the mark says
nothing, not even whether two Spaces hold the same name. Where the key is lost, or on another machine, no mark fits: the
secrets that are named are set once more, which costs one restart. A file that is no whole key is never used.

The secret that signs invite links is made from the same key and the salt of its mark. So it need not be kept to make
another link for a door that is there, and a deploy that was cut off loses no link.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from persona_core.errors import StorageError
from trainer.run import storage

FILE_NAME = "kakao-persona-seal"  # beside the Hub's token
KEY_BYTES = 32
_MARK = re.compile(r"kakao-persona ([0-9a-f]{32}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Seal:
    """Marks made with ``key``."""

    key: bytes = field(repr=False)

    @classmethod
    def of_this_machine(cls) -> "Seal":
        """The key of this machine, or a new one that nothing keeps yet.

        Raises:
            StorageError: the file of the key cannot be read, or is no whole key.
        """
        file = _file()
        with storage(file):
            key = file.read_bytes() if file.exists() else secrets.token_bytes(KEY_BYTES)
        if len(key) != KEY_BYTES:
            raise StorageError("deploy.broken_seal", path=file, size=len(key), needed=KEY_BYTES)
        return cls(key)

    def keep(self) -> None:
        """Write the key down where there is none: whole or not at all, and for its owner alone.

        Raises:
            StorageError: the system does not let it be written.
        """
        file = _file()
        with storage(file):
            if file.exists():
                return
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(dir=file.parent, prefix=f".{FILE_NAME}")  # mode 0600
            with os.fdopen(handle, "wb") as stream:
                stream.write(self.key)
                stream.flush()
                os.fsync(stream.fileno())  # or a power cut could leave the name with nothing in it
            Path(partial).replace(file)

    def mark(self, space: str, name: str, value: str, salt: str = "") -> str:
        """The description to set ``value`` with."""
        salt = salt or new_salt()
        return f"kakao-persona {salt}:{self._digest('value', space, name, salt, value).hex()}"

    def fits(self, space: str, name: str, value: str, mark: str) -> bool:
        """Whether ``mark`` was made of this ``value``, with this key."""
        match = _MARK.fullmatch(mark)
        return match is not None and hmac.compare_digest(
            self._digest("value", space, name, match[1], value).hex(), match[2]
        )

    def invite_secret(self, space: str, salt: str) -> str:
        """43 characters nobody guesses, the same for the same salt."""
        digest = self._digest("invite", space, salt)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def reveal_invite_secret(self, space: str, name: str, mark: str) -> str | None:
        """The invite secret that ``mark`` describes; None when it was made elsewhere."""
        match = _MARK.fullmatch(mark)
        secret = self.invite_secret(space, match[1]) if match else ""
        return secret if self.fits(space, name, secret, mark) else None

    def _digest(self, *parts: str) -> bytes:
        return hmac.digest(self.key, "\0".join(parts).encode(), hashlib.sha256)


def _file() -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_TOKEN_PATH).with_name(FILE_NAME)


def new_salt() -> str:
    """128 random bits."""
    return secrets.token_hex(16)
