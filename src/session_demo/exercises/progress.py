"""Which exercises are done: remembered while the program runs, and in a file where the reader wants that."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from html import escape
from os import PathLike
from pathlib import Path

from ..errors import ProgressError

FORMAT = "session-demo progress"


@dataclass(slots=True)
class Standing:
    """How far one exercise is.

    Attributes:
        tries: How often an answer was checked.
        passed: Whether one was right.
    """

    tries: int = 0
    passed: bool = False


class Progress:
    """The standing of each exercise that was tried. Shows itself as a table.

    Args:
        standings: What is known already, by the name of the exercise.
    """

    def __init__(self, standings: dict[str, Standing] | None = None) -> None:
        self.standings = standings or {}
        self._file: Path | None = None
        self._names: tuple[str, ...] = ()

    def of(self, name: str) -> Standing:
        """Return the standing of one exercise."""
        return self.standings.get(name, Standing())

    def count(self, names: Iterable[str]) -> None:
        """Tell which exercises there are."""
        self._names = tuple(names)

    def note(self, name: str, passed: bool) -> None:
        """Count one more try, and store that where a file is kept."""
        standing = self.standings.setdefault(name, Standing())
        standing.tries += 1
        standing.passed = standing.passed or passed
        self._store()

    def keep(self, path: str | PathLike[str]) -> None:
        """Store the progress in a file from now on; what the file says already is taken over.

        Raises:
            ProgressError: The file holds something else, which is left as it is.
            OSError: The file cannot be read or written.
        """
        file = Path(path)
        if file.exists():
            for name, stored in _read(file).items():
                known = self.standings.setdefault(name, Standing())
                known.tries = max(known.tries, stored.tries)
                known.passed = known.passed or stored.passed
        self._file = file
        self._store()

    def _store(self) -> None:
        if self._file is None:
            return
        told = {"format": FORMAT, "exercises": {name: asdict(one) for name, one in self.standings.items()}}
        # A new file takes the place of the old one, so that there is always a whole one.
        half = self._file.with_name(f"{self._file.name}.new")
        half.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        half.replace(self._file)

    def _rows(self) -> list[tuple[str, str]]:
        rows = []
        for name in self._names or sorted(self.standings):
            one = self.of(name)
            times = f"{one.tries} {'try' if one.tries == 1 else 'tries'}"
            rows.append((name, f"{'done' if one.passed else 'open'}, {times}" if one.tries else "-"))
        return rows

    @property
    def summary(self) -> str:
        """How many exercises are done."""
        done = sum(one.passed for one in self.standings.values())
        return f"{done} of {len(self._names) or len(self.standings)} exercises done."

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"{name:<28} {told}" for name, told in self._rows())])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{escape(n)}</th><td>{escape(t)}</td></tr>' for n, t in self._rows()
        )
        return f"<table><caption>{self.summary}</caption><tbody>{rows}</tbody></table>"


def _read(file: Path) -> dict[str, Standing]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']!r}")
        return {
            str(name): Standing(int(one["tries"]), bool(one["passed"]))
            for name, one in document["exercises"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProgressError(
            f"Can't keep the progress in {file}: it holds something else ({type(error).__name__}: {error}). "
            "Name another file; this one is as it was."
        ) from error
