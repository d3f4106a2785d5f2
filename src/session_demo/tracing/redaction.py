"""Values that are nobody's business: told by the names of the columns they go to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

SENSITIVE = (
    *("password", "passwd", "passphrase", "pwd", "secret", "token", "credential"),
    *("apikey", "privatekey", "authorization", "cookie", "cardnumber", "cvv", "iban", "ssn"),
)
"""Parts of names whose values a recording hides; case and underscores do not matter."""


class Hidden:
    """Stands where a value is hidden."""

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden)

    __hash__ = None  # type: ignore[assignment]


HIDDEN = Hidden()


@lru_cache(maxsize=16)
def hiding(words: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a function that tells whether the value of a column or parameter is to be hidden.

    Args:
        words: Parts of names; case, underscores and hyphens do not matter.

    Example:
        >>> hides = hiding(("password",))
        >>> hides("PASSWORD_hash"), hides("api_Pass_Word"), hides("name")
        (True, True, False)
    """
    spelled = "|".join(re.escape(_plain(word)) for word in words)
    pattern = re.compile(spelled or r"(?!)")
    known: dict[str, bool] = {}

    def hides(name: str) -> bool:
        if name not in known:
            known[name] = pattern.search(_plain(name)) is not None
        return known[name]

    return hides


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def redacted(
    values: Sequence[object] | Mapping[str, object], names: Sequence[str], hides: Callable[[str], bool]
) -> tuple[object, ...] | dict[str, object]:
    """Return one set of parameters with the sensitive values hidden.

    Args:
        values: What the driver received.
        names: The names of the parameters in order, where they are positional and known. One statement
            with many rows repeats them.
        hides: Tells which names are sensitive.
    """
    if isinstance(values, Mapping):
        return {name: HIDDEN if hides(name) else value for name, value in values.items()}
    if not any(map(hides, names)):
        return tuple(values)
    if len(values) % len(names):  # which value is which is not known, so none is shown
        return tuple(HIDDEN for _ in values)
    return tuple(HIDDEN if hides(names[place % len(names)]) else value for place, value in enumerate(values))
