"""The executor's fast path for rows: a selection on a list's items is written down once as one function of a row.

The executor of graphql-core goes through every field of every row: a path, an info, a resolver, a type to complete. For
most lists all of that is the same for each row and comes to reading an attribute. So where a list's items are objects
and each selected field is

- an attribute of its object, or a resolver that takes nothing but its object and isn't a coroutine,
- without arguments, and of a scalar, an enum, an object whose selected fields are such again, or a list of these,

the selection (fragments, aliases, @skip and @include applied by graphql-core itself) becomes the text of a Python function,
which is kept for the next request of the same document. Every other list goes the normal way, and so does a list
of which one value doesn't fit: null where none may be, an error, a scalar out of range. There the function gives up and
the whole list is completed again by the normal way, which says what is wrong and where. Both ways answer alike;
tests/graph/test_fast_rows.py compares them byte for byte.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLString,
    Undefined,
    is_leaf_type,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema.types.base_scalars import DateDefinition
from strawberry.types.field import StrawberryField

from graph.row_columns import COLUMNS, NAMES, Columns, Rows
from graph.types.basics import MINOR, SAFE
from graph.types.days import DATE

Shape: TypeAlias = Callable[[Iterable[Any]], list[Any]]
_Key: TypeAlias = tuple[Any, ...]
MOST_KEPT = 500
_LISTS = frozenset({list, tuple, Rows})
_INLINE = {
    GraphQLString: "{0}.__class__ is str",
    GraphQLID: "{0}.__class__ is str",
    GraphQLInt: "{0}.__class__ is int and -2147483648 <= {0} <= 2147483647",
    GraphQLBoolean: "{0}.__class__ is bool",
}
"""What a value must be so that a built-in scalar serialises it as itself."""


class Unfit(Exception):
    """A value that the fast path leaves to the normal one."""


_NAMES = {"Unfit": Unfit, "Undefined": Undefined, "Rows": Rows, "date": date}


@dataclass(frozen=True, slots=True)
class _Kept:
    """A function of a list, None where the normal way must be gone; the nodes stay, so that their ids stay theirs."""

    shape: Shape | None
    nodes: Sequence[FieldNode]


class RowExecutor(StrawberryGraphQLCoreExecutionContext):
    """An executor that completes lists of rows by functions made for their selections."""

    kept: OrderedDict[_Key, _Kept] = OrderedDict()
    """By item type, selected nodes, and what @skip and @include may ask; the least used go first."""

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: list[Any],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Complete a list by its function, or the normal way."""
        if result.__class__ in _LISTS and result and self._undisturbed:
            shape = self._shape(return_type, field_details_list)
            if shape is not None:
                try:
                    return shape(result)
                except Exception:  # noqa: S110 - the normal way below meets it again, and says what and where
                    pass
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _shape(self, list_type: GraphQLList[GraphQLOutputType], details: list[Any]) -> Shape | None:
        nodes = [one.node for one in details]
        key = (list_type.of_type, *map(id, nodes), *self._flags)
        found = self.kept.get(key)
        if found is None:
            found = self.kept[key] = _Kept(Writer(self).function(list_type, details), nodes)
            while len(self.kept) > MOST_KEPT:
                self.kept.popitem(last=False)
        else:
            self.kept.move_to_end(key)
        return found.shape

    @property
    def _undisturbed(self) -> bool:
        return self.middleware_manager is None or not self.middleware_manager.middlewares

    @property
    def _flags(self) -> Iterable[tuple[str, bool]]:
        values = self.variable_values.coerced
        return ((name, value) for name, value in values.items() if value.__class__ is bool)


@dataclass(slots=True)
class Writer:
    """Writes the text of a function, and collects the objects that it names."""

    executor: RowExecutor
    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=lambda: {**_NAMES, **NAMES})
    count: int = 0

    def function(self, list_type: GraphQLList[Any], details: list[Any]) -> Shape | None:
        """Return the function that completes such a list; None if the normal way must be gone."""
        try:
            done = self._list(list_type, details, "rows", indent=1)
        except Exception:  # what can't be collected or isn't a row's, the normal way completes or reports
            return None
        text = "\n".join(["def shape(rows):", *self.lines, f"    return {done}"])
        exec(compile(text, "<rows>", "exec"), self.names)  # noqa: S102 - names and numbers of ours, see _fresh
        shape: Shape = self.names["shape"]
        return shape

    def one(self, type_: GraphQLOutputType, details: list[Any]) -> Callable[[Any], Any] | None:
        """Return the function that completes a value of a type; None if the normal way must be gone."""
        try:
            done = self._value(type_, details, "value", indent=1)
        except Exception:  # as above
            return None
        text = "\n".join(["def complete(value):", *self.lines, f"    return {done}"])
        exec(compile(text, "<value>", "exec"), self.names)  # noqa: S102 - as above
        complete: Callable[[Any], Any] = self.names["complete"]
        return complete

    def _fresh(self, named: Any = None) -> str:
        """Return a name of our own making; the text holds such names, keywords, and response names as literals."""
        self.count += 1
        name = f"n{self.count}"
        if named is not None:
            self.names[name] = named
        return name

    def _say(self, indent: int, line: str) -> None:
        self.lines.append("    " * indent + line)

    def _list(self, list_type: GraphQLList[Any], details: list[Any], source: str, *, indent: int) -> str:
        done, item = self._fresh(), self._fresh()
        self._say(indent, f"{done} = []")
        columns = self._columns(list_type.of_type)
        if columns is not None and (
            body := self._records(list_type, details, columns, source, done, indent=indent)
        ):
            self.lines.extend(body)
            self._say(indent, f"for {item} in {source} if {source}.__class__ is not Rows else ():")
        else:
            self._say(indent, f"for {item} in {source}:")
        value = self._value(list_type.of_type, details, item, indent=indent + 1)
        self._say(indent + 1, f"{done}.append({value})")
        return done

    def _columns(self, type_: GraphQLOutputType) -> Columns | None:
        named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        ours = getattr(named, "extensions", {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
        return COLUMNS.get(getattr(ours, "origin", type(None)))

    def _records(
        self,
        list_type: GraphQLList[Any],
        details: list[Any],
        columns: Columns,
        source: str,
        done: str,
        *,
        indent: int,
    ) -> list[str]:
        """Return the lines that complete a list from its records; none if more than their columns is selected."""
        before, self.lines = self.lines, []
        record, given = self._fresh(), self._fresh()
        try:
            self._say(indent, f"if {source}.__class__ is Rows:")
            self._say(indent + 1, f"{given} = {source}.given")
            self._say(indent + 1, f"for {record} in {source}.records:")
            type_ = list_type.of_type
            item = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
            value = self._from_record(item, details, columns, record, given, indent=indent + 2)
            self._say(indent + 2, f"{done}.append({value})")
            return self.lines
        except (Unfit, KeyError):
            return []
        finally:
            self.lines = before

    def _from_record(
        self,
        type_: GraphQLObjectType,
        details: list[Any],
        columns: Columns,
        record: str,
        given: str,
        *,
        indent: int,
    ) -> str:
        parts = []
        for response_name, fields in self._chosen(type_, details).items():
            name = fields[0].node.name.value
            if name == "__typename":
                parts.append(f"{response_name!r}: {type_.name!r}")
                continue
            column, definition = columns[name], self._definition(type_, fields)
            if isinstance(column, str):
                value = self._fresh()
                self._say(indent, f"{value} = {column.format(r=record, g=given)}")
                done = self._value(definition.type, fields, value, indent=indent)
            else:
                inner = definition.type.of_type if isinstance(definition.type, GraphQLNonNull) else None
                if not isinstance(inner, GraphQLObjectType):
                    raise Unfit
                done = self._from_record(inner, fields, column, record, given, indent=indent)
            parts.append(f"{response_name!r}: {done}")
        return "{" + ", ".join(parts) + "}"

    def _value(self, type_: GraphQLOutputType, details: list[Any], source: str, *, indent: int) -> str:
        """Write how a value of a type is completed; return the expression of what it is then."""
        if isinstance(type_, GraphQLNonNull):
            self._say(indent, f"if {source} is None: raise Unfit")
            return self._present(type_.of_type, details, source, indent=indent)
        done = self._fresh()
        self._say(indent, f"if {source} is None: {done} = None")
        self._say(indent, "else:")
        self._say(indent + 1, f"{done} = {self._present(type_, details, source, indent=indent + 1)}")
        return done

    def _present(self, type_: GraphQLOutputType, details: list[Any], source: str, *, indent: int) -> str:
        if isinstance(type_, GraphQLList):
            self._say(indent, f"if {source}.__class__ not in {self._fresh(_LISTS)}: raise Unfit")
            return self._list(type_, details, source, indent=indent)
        if isinstance(type_, GraphQLObjectType):
            return self._object(type_, details, source, indent=indent)
        if is_leaf_type(type_):
            return self._leaf(type_, source, indent=indent)
        raise Unfit  # an interface or a union: each row may be of another type

    def _leaf(self, type_: GraphQLLeafType, source: str, *, indent: int) -> str:
        whole = self._fresh(partial(_leaf_value, type_))
        for scalar, fits in _INLINE.items():
            if type_ is scalar:
                return f"{source} if {fits.format(source)} else {whole}({source})"
        ours = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if ours is MINOR:
            return f"{source} if {source}.__class__ is int and -{SAFE} <= {source} <= {SAFE} else {whole}({source})"
        if ours in (DATE, DateDefinition):
            return f"{source}.isoformat() if {source}.__class__ is date else {whole}({source})"
        done = self._fresh()
        self._say(indent, f"if isinstance({source}, Exception): raise Unfit")
        self._say(indent, f"{done} = {self._fresh(type_.coerce_output_value)}({source})")
        self._say(indent, f"if {done} is None or {done} is Undefined: raise Unfit")
        return done

    def _object(self, type_: GraphQLObjectType, details: list[Any], source: str, *, indent: int) -> str:
        if type_.is_type_of is not None:
            ours = type_.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
            if ours.is_type_of is not None:
                raise Unfit
            self._say(indent, f"if {source}.__class__ is not {self._fresh(ours.origin)}: raise Unfit")
        parts = []
        for response_name, fields in self._chosen(type_, details).items():
            parts.append(f"{response_name!r}: {self._field(type_, fields, source, indent=indent)}")
        return "{" + ", ".join(parts) + "}"

    def _field(self, parent: GraphQLObjectType, fields: list[Any], source: str, *, indent: int) -> str:
        if fields[0].node.name.value == "__typename":
            return repr(parent.name)
        definition = self._definition(parent, fields)
        value = self._fresh()
        self._say(indent, f"{value} = {self._read(definition, source)}")
        return self._value(definition.type, fields, value, indent=indent)

    def _chosen(self, type_: GraphQLObjectType, details: list[Any]) -> dict[str, list[Any]]:
        chosen, deferred, _ = self.executor.collect_subfields(type_, details)
        if deferred:
            raise Unfit
        return chosen

    def _definition(self, parent: GraphQLObjectType, fields: list[Any]) -> GraphQLField:
        node: FieldNode = fields[0].node
        definition = self.executor.schema.get_field(parent, node.name.value)
        if any(one.fragment_variable_values for one in fields) or node.arguments:
            raise Unfit
        if definition is None or definition.args:
            raise Unfit
        return definition

    def _read(self, definition: GraphQLField, source: str) -> str:
        """Return the expression that reads a field from its object."""
        ours = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if not isinstance(ours, StrawberryField) or ours.extensions or ours.permission_classes:
            raise Unfit
        resolver = ours.base_resolver
        if resolver is None:
            if ours.default_resolver is not getattr or not ours.python_name.isidentifier():
                raise Unfit
            return f"{source}.{ours.python_name}"
        alone = resolver.self_parameter is not None and len(resolver.signature.parameters) == 1
        if not alone or resolver.is_async:
            raise Unfit
        return f"{self._fresh(resolver.wrapped_func)}({source})"


def _leaf_value(type_: GraphQLLeafType, value: Any) -> Any:
    """Serialise a value as the normal way does."""
    if isinstance(value, Exception):
        raise Unfit
    done = type_.coerce_output_value(value)
    if done is None or done is Undefined:
        raise Unfit
    return done
