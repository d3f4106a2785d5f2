"""What every model may have: attributes filled in at once, and a representation that never emits SQL."""

from __future__ import annotations

from typing import Any, Self

import sqlalchemy as sa

from .errors import NoSuchAttributeError


class BaseModel:
    """A base, or a mixin, for mapped classes.

    Example:
        >>> author = Author(name="Lem").fill(name="Stanislaw Lem")
        >>> author
        Author(name='Stanislaw Lem')
        >>> session.add(author)
        >>> session.commit()
        >>> author  # expired, and not loaded for this
        Author(id=1, name=...)
    """

    def fill(self, **attrs: Any) -> Self:
        """Set several attributes, and return the object.

        Args:
            attrs: The new values.

        Raises:
            NoSuchAttributeError: The class has no attribute of one of these names; nothing is set then.

        Session effect:
            That of setting each attribute: the object becomes dirty, its session autobegins. No SQL, except
            where an attribute needs its old value.

        Example:
            >>> with expect_error(AttributeError):  # doctest: +ELLIPSIS
            ...     Author(name="Lem").fill(nmae="Stanislaw Lem")
            NoSuchAttributeError: Can't fill nmae of Author: the class has no such attribute. ...
        """
        kind = type(self)
        if unknown := [name for name in attrs if not hasattr(kind, name)]:
            raise NoSuchAttributeError(
                f"Can't fill {', '.join(unknown)} of {kind.__name__}: the class has no such attribute. "
                "Is the name spelled right?"
            )
        for name, value in attrs.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """Show the class and its columns without ever emitting SQL.

        Reading an attribute of an expired object would send a SELECT; this reads only
        what is already in memory. A column that has a row but is not loaded shows as
        ``...``.
        """
        state = sa.inspect(self)
        identity = dict(zip(state.mapper.primary_key, state.identity or (), strict=False))
        shown = []
        for name, column in state.mapper.columns.items():
            if name in state.dict:
                shown.append(f"{name}={state.dict[name]!r}")
            elif column in identity:
                shown.append(f"{name}={identity[column]!r}")
            elif state.key is not None:
                shown.append(f"{name}=...")
        return f"{type(self).__name__}({', '.join(shown)})"
