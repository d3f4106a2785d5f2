"""A mypy plugin: it lets ``class User(db.Model)`` be checked like any mapped class.

mypy takes no attribute of a variable for a base class. So to mypy ``db = SQLAlchemy(...)`` becomes a class,
whose metaclass is the SQLAlchemy that it was, and whose ``Model`` is a class in it. Switch it on with
``plugins = ["session_demo_mypy"]``.
"""

from __future__ import annotations

from collections.abc import Callable

from mypy.nodes import GDEF, MDEF, SymbolTableNode, TypeInfo
from mypy.plugin import DynamicClassDefContext, Plugin
from mypy.types import Instance

FACADE = "session_demo.database.SQLAlchemy"
MODEL = "session_demo.database.Model"


class SessionDemoPlugin(Plugin):
    """What mypy asks."""

    def get_dynamic_class_hook(self, fullname: str) -> Callable[[DynamicClassDefContext], None] | None:
        """Take the making of a facade for the definition of a class."""
        return _define if fullname == FACADE else None


def plugin(_version: str) -> type[Plugin]:
    """Return the plugin; this name is mypy's."""
    return SessionDemoPlugin


def _define(context: DynamicClassDefContext) -> None:
    api, name, line = context.api, context.name, context.call.line
    facade, model = (api.lookup_fully_qualified(known).node for known in (FACADE, MODEL))
    if not isinstance(facade, TypeInfo) or not isinstance(model, TypeInfo):
        api.defer()
        return
    plain, kind = api.named_type("builtins.object"), api.named_type("builtins.type")
    metaclass = api.basic_new_typeinfo(f"{name}@facade", Instance(facade, []), line)
    metaclass.bases = [Instance(facade, []), kind]
    metaclass.mro = [metaclass, *facade.mro[:-1], kind.type, plain.type]
    # A class that mypy's cache cannot find again by its name would end the next run.
    api.add_symbol_table_node(metaclass.name, SymbolTableNode(GDEF, metaclass))
    defined = api.basic_new_typeinfo(name, plain, line)
    defined._fullname = api.qualified_name(name)
    defined.declared_metaclass = defined.metaclass_type = Instance(metaclass, [])
    defined.names["Model"] = SymbolTableNode(MDEF, model)
    api.add_symbol_table_node(name, SymbolTableNode(GDEF, defined))
