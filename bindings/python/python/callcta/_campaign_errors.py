"""What keeps a campaign from being planned or run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from callcta._campaign_models import Standing

CampaignErrorKind: TypeAlias = Literal[
    "input", "template", "journal", "in_use", "moved", "changed", "output"
]

_CLASSES: dict[str, type[CampaignError]] = {}


class CampaignError(Exception):
    """Base of a campaign's own errors. `str(error)` is one line that quotes no PSID and no text.

    What is wrong with an argument is a `callcta.InvalidArgumentError`.

    Attributes:
        kind: What went wrong, a stable name that is the same in all languages.
        standing: How the campaign stands, of a run whose journal failed.
    """

    kind: ClassVar[str] = ""
    standing: Standing | None = None

    def __init_subclass__(cls, kind: str = "") -> None:
        """Notes the class of a kind of error; further subclasses keep their base's."""
        if kind:
            cls.kind = kind
            _CLASSES[kind] = cls

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the attributes, too."""
        return type(self), self.args, dict(self.__dict__)


class InputError(CampaignError, kind="input"):
    """The recipients can't be read: encoding, header, or no rows at all."""


class TemplateError(CampaignError, kind="template"):
    """The message can't be used as a template."""


class JournalError(CampaignError, kind="journal"):
    """The journal can't be read or written: a full disk, a missing folder, one that is there."""


class InUseError(CampaignError, kind="in_use"):
    """Another process, or another run of this one, has the journal."""


class MovedError(CampaignError, kind="moved"):
    """The journal was copied, moved or restored since it was last used."""


class ChangedError(CampaignError, kind="changed"):
    """Recipients or message differ from what was planned."""


class OutputError(CampaignError, kind="output"):
    """The rows can't be written out."""


def from_native(kind: str, text: str) -> CampaignError:
    """Makes the exception for an error of the core; for the native module."""
    return _CLASSES.get(kind, CampaignError)(text)
