"""What the Space's variables and secrets say, read once at the start.

Variables (public): PERSONA_REPO, PERSONA_REVISION, PERSONA_ARTEFACT (merged, adapter), PERSONA_LANG (ko, en),
PERSONA_RHYTHM (human, off), or PERSONA_FOLDER for a release on this machine. Secrets: HF_TOKEN (read by the Hub's own client), INVITE_SECRET,
ALLOWED_USERS, PERSONA_NAME, PARTNER_NAME, and PERSONA_API_KEY, which lets programs ask::

    settings = Settings.from_environment(os.environ)
    settings.door_problems()          # ("space.no_door",): the locked page says what to set
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from persona_core.engine import Hardware, Weights
from persona_core.errors import SettingsError
from persona_core.invite import SECRET_LENGTH
from persona_core.texts import LANGUAGES, text_in

_OAUTH = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")


@dataclass(frozen=True, slots=True)
class Settings:
    """Names, secrets and the model to run. What is private stays out of its repr."""

    repo: str = ""
    revision: str = ""
    folder: Path | None = None
    hardware: Hardware = "auto"
    weights: Weights = "merged"  # or the adapter on its base, exactly what was trained
    persona_name: str = field(default="", repr=False)
    partner_name: str = field(default="", repr=False)
    invite_secret: str = field(default="", repr=False)
    allowed_users: frozenset[str] = field(default=frozenset(), repr=False)  # lower case
    api_key: str = field(default="", repr=False)
    language: Literal["ko", "en"] = "ko"
    human_rhythm: bool = True  # bubbles take the time it takes to type them
    space_host: str = ""  # "owner-name.hf.space"; empty on any other machine
    can_sign_in: bool = False  # Hugging Face gave this Space its sign-in

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings in ``environment``; what is missing shows in `door_problems` and `check_model`."""
        say = {name: value.strip() for name, value in environment.items()}
        language = say.get("PERSONA_LANG", "ko")
        # Elsewhere gradio plays a sign-in in which every visitor is the owner of the machine: no door at all.
        on_space = say.get("SYSTEM") == "spaces" and bool(say.get("SPACE_ID"))
        return cls(
            repo=say.get("PERSONA_REPO", ""),
            revision=say.get("PERSONA_REVISION", ""),
            folder=Path(say["PERSONA_FOLDER"]) if say.get("PERSONA_FOLDER") else None,
            hardware=_hardware(say),
            weights=say.get("PERSONA_ARTEFACT") or "merged",  # type: ignore[arg-type]  # `check_model` looks at it
            persona_name=say.get("PERSONA_NAME", ""),
            partner_name=say.get("PARTNER_NAME", ""),
            invite_secret=say.get("INVITE_SECRET", ""),
            api_key=say.get("PERSONA_API_KEY", ""),
            allowed_users=frozenset(
                name.strip().lower() for name in say.get("ALLOWED_USERS", "").split(",") if name.strip()
            ),
            language=language if language in LANGUAGES else "ko",  # type: ignore[arg-type]  # narrowed by the test
            human_rhythm=say.get("PERSONA_RHYTHM", "human") != "off",
            space_host=say.get("SPACE_HOST", "").split(",")[0] if on_space else "",
            can_sign_in=on_space and all(say.get(name) for name in _OAUTH),
        )

    @property
    def invites(self) -> bool:
        """Whether the invite door can be opened at all."""
        return len(self.invite_secret) >= SECRET_LENGTH

    @property
    def sign_in(self) -> bool:
        """Whether the sign-in door can be opened at all."""
        return self.can_sign_in and bool(self.allowed_users)

    @property
    def answers_programs(self) -> bool:
        """Whether programs may ask at all."""
        return len(self.api_key) >= SECRET_LENGTH and self.api_key.isascii()  # a header has no other letters

    def door_problems(self) -> tuple[str, ...]:
        """Keys of the texts that say what keeps a door from opening; ``space.no_door`` when none was asked for."""
        problems = []
        if self.invite_secret and not self.invites:
            problems.append("space.weak_secret")
        if self.allowed_users and not self.can_sign_in:
            problems.append("space.no_sign_in")
        if not (self.invite_secret or self.allowed_users):
            problems.append("space.no_door")
        return tuple(problems)

    def key_problems(self) -> tuple[str, ...]:
        """The same for the key of programs, which nobody needs to have."""
        return ("space.weak_api_key",) if self.api_key and not self.answers_programs else ()

    def check_model(self) -> None:
        """Refuse settings that name no model.

        Raises:
            SettingsError: neither a folder nor a repository with its pinned revision, or weights of no known kind.
        """
        if self.weights not in get_args(Weights):
            raise SettingsError("space.bad_artefact", choices=", ".join(get_args(Weights)))
        if self.folder:
            return
        if not self.repo:
            raise SettingsError("space.no_model")
        if not self.revision:
            raise SettingsError("space.no_revision")

    def text(self, key: str, /, **values: object) -> str:
        """The text of ``key`` in the page's language, with his name at hand."""
        return text_in(self.language, key, persona=self.his_name, **values)

    @property
    def his_name(self) -> str:
        """The persona's name, or a neutral word."""
        return self.persona_name or text_in(self.language, "space.default_persona")

    @property
    def her_name(self) -> str:
        """The partner's name, or a neutral word."""
        return self.partner_name or text_in(self.language, "space.default_partner")


def _hardware(say: Mapping[str, str]) -> Hardware:
    zero = (
        say.get("SPACES_ZERO_GPU", "").lower() in ("1", "true")
        or "zero" in say.get("ACCELERATOR", "").lower()
    )
    return "zero" if zero else "auto"
