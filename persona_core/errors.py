"""Every error a person can mend, each with a text in Korean and English that names the next action.

    PersonaError                    exit code 2: one line, no traceback
    ├── SettingsError (ValueError)      an option or a combination of options
    ├── ExportError (ValueError)        the chat export
    │   ├── UnknownFormat                   no known KakaoTalk format
    │   ├── NoMessages                      a known format with nothing said in it
    │   └── UnknownName                     --me or --partner names nobody in the export
    ├── DataError (ValueError)          the examples made from it
    ├── TrainingError (RuntimeError)    the model, the memory, the run
    ├── ReleaseError (RuntimeError)     merging, quantising, verifying
    ├── HubError (OSError)              the Hub
    │   ├── TokenMissing                    no token, or one that does not work
    │   ├── NotAllowed                      a token without the right that is needed
    │   └── RepositoryIsPublic              private or not at all
    ├── EngineError (RuntimeError)      loading and talking
    │   └── OutOfMemory                     of the GPU or of the machine
    └── StorageError (OSError)          a full disk, a folder that cannot be written

To add one: a class here, its text in ``persona_core/texts/<room>.toml``.
"""

from persona_core.texts import text


class PersonaError(Exception):
    """An error the reader can mend. ``key`` names its text, ``values`` fill it."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        return text(self.key, **self.values)


class SettingsError(PersonaError, ValueError):
    """An option, or a combination of options, that cannot work."""


class ExportError(PersonaError, ValueError):
    """Something about the chat export."""


class UnknownFormat(ExportError):
    """The file matches no KakaoTalk export format we know."""


class NoMessages(ExportError):
    """The export is of a known format, but nobody says anything in it."""


class UnknownName(ExportError):
    """A name given on the command line is not in the export."""


class DataError(PersonaError, ValueError):
    """Something about the examples made from the export."""


class TrainingError(PersonaError, RuntimeError):
    """Something about the model, the memory or the run."""


class ReleaseError(PersonaError, RuntimeError):
    """Merging, quantising or verifying went wrong."""


class HubError(PersonaError, OSError):
    """The Hub did not do what was asked."""


class TokenMissing(HubError):
    """No token, or one the Hub does not accept."""


class NotAllowed(HubError):
    """The token lacks the right that is needed."""


class RepositoryIsPublic(HubError):
    """The repository can be seen by everyone: nothing is sent."""


class EngineError(PersonaError, RuntimeError):
    """Loading a persona, or talking to it, went wrong."""


class OutOfMemory(EngineError):
    """Neither the GPU nor the machine has enough memory for it."""


class StorageError(PersonaError, OSError):
    """A full disk, or a folder that cannot be written."""
