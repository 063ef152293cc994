"""The tokenizer of an artefact, read without transformers, whose import takes longer than that of the engine for CPUs.

    tokenizer = StoredTokenizer.read(Path("runs/demo/release/openvino"))   # tokenizer.json, its configuration, its template
    tokenizer("밥 먹었어?", add_special_tokens=False).input_ids

It answers in transformers' words to what `persona_core.prompt` and the engines ask, and what it answers is the same
(tests/persona_core/engine/test_tokenizer.py holds them side by side). BPE, which all our bases have, needs none of what
transformers does to text after it is decoded.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from persona_core.errors import EngineError


@dataclass(frozen=True, slots=True)
class Reading:
    """``input_ids`` of one text; ``encodings`` holds one, which has ``offsets``: where in the text each of them lies."""

    input_ids: list[int]
    encodings: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class StoredTokenizer:
    """``backend`` is a `tokenizers.Tokenizer`; ``named`` are the tokens a template knows by name, like ``bos_token``."""

    backend: Any
    template: str
    named: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> "StoredTokenizer":
        """The tokenizer that was saved in ``folder``.

        Raises:
            EngineError: a file is missing or damaged, or a library is.
        """
        try:
            import jinja2  # noqa: F401  # of which the first message would find that it is missing
            from tokenizers import Tokenizer
        except ImportError as error:
            raise EngineError("engine.missing_library", library=error.name, extra="cpu") from error
        try:
            backend = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
            template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
            told = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
            named = {
                name: _content(token) for name, token in told.items() if name.endswith("_token") and token
            }
        except Exception as error:  # tokenizers raises no class of its own
            raise EngineError("engine.damaged", folder=folder) from error
        backend.no_truncation()
        backend.no_padding()
        return cls(backend, template, named)

    @property
    def added_tokens_decoder(self) -> dict[int, Any]:
        """The tokens that were added to the vocabulary, each with its ``content`` and whether it is ``special``."""
        added: dict[int, Any] = self.backend.get_added_tokens_decoder()
        return added

    def __call__(
        self, text: str, *, add_special_tokens: bool, split_special_tokens: bool = False, verbose: bool = True
    ) -> Reading:
        """The tokens of ``text``. ``verbose`` changes nothing: there are no warnings to leave out."""
        del verbose
        self.backend.encode_special_tokens = split_special_tokens
        encoding = self.backend.encode(text, add_special_tokens=add_special_tokens)
        return Reading(encoding.ids, (encoding,))

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        text: str = self.backend.decode(ids, skip_special_tokens=skip_special_tokens)
        return text

    def get_chat_template(self) -> str:
        return self.template

    def apply_chat_template(
        self, messages: Sequence[Mapping[str, str]], *, chat_template: str, tokenize: bool = False
    ) -> str:
        """``messages`` as text.

        Raises:
            TemplateError: of jinja2; the template refuses.
        """
        assert not tokenize  # contents are read apart from the template: see `persona_core.prompt`
        text: str = _compiled(chat_template).render(
            messages=messages, add_generation_prompt=False, tools=None, documents=None, **self.named
        )
        return text


def _content(token: str | Mapping[str, Any]) -> str:
    return token if isinstance(token, str) else str(token["content"])


@lru_cache(maxsize=2)  # templates, for each of which it takes milliseconds
def _compiled(template: str) -> Any:
    """``template`` in the dialect of chat templates. It came with a base from the Hub, so it may do nothing but write."""
    from jinja2 import TemplateError
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """``{% generation %}`` marks what is learned, for those who take their labels from it."""

        tags = {"generation"}  # noqa: RUF012  # jinja2's way

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def refuse(message: str) -> NoReturn:
        raise TemplateError(message)

    def tojson(value: object, **how: Any) -> str:
        return json.dumps(value, **{"ensure_ascii": False, **how})

    dialect = ImmutableSandboxedEnvironment(  # no HTML: what is written is read by a model
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    dialect.filters["tojson"] = tojson
    dialect.globals["raise_exception"] = refuse
    return dialect.from_string(template)
