"""Read a TOML file into frozen msgspec Structs, with errors in the words of the file.

An unknown key is an error that names the nearest known one: a misspelt threshold that is silently ignored is
worse than a line that does not start. Works on the Struct's own type description, so it fits any such file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from edge.errors import ConfigError
from edge.suggest import did_you_mean, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T", bound=msgspec.Struct)


def read_tables(path: Path, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The file's tables, unchecked. Raises ConfigError for a missing, unreadable or malformed file.

    For a missing one, the files beside it that look like `kind` are named.
    """
    try:
        return _parse(path)
    except FileNotFoundError:
        raise ConfigError(f"there is no file {path}{_beside(path, kind)}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text, so it is not a TOML file") from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except RecursionError:
        raise ConfigError(f"{path} is not valid TOML: nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, which says the line and column
        raise ConfigError(f"{path} is not valid TOML: {error}") from None


def _parse(path: Path) -> dict[str, Any]:
    tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return tables


def convert(path: Path, tables: Mapping[str, Any], kind: type[T]) -> T:
    """Check the tables and build `kind`. Raises ConfigError naming each unknown key or the wrong value."""
    unknown = list(_unknown_keys(tables, kind))
    if unknown:
        raise ConfigError(f"{path}: {' Also: '.join(unknown)}")
    try:
        return msgspec.convert(tables, kind, strict=True, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_explain(str(error), tables, kind)}") from None


def _to_path(kind: type, value: object) -> Path:
    if kind is not Path or not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("Expected a path")
    return Path(value)


def _beside(path: Path, kind: type[msgspec.Struct]) -> str:
    """Names the file of its kind that was probably meant, else all that lie there."""
    folder = path.absolute().parent
    if not folder.is_dir():
        return f", and no folder {folder} either"
    names = [file.name for file in sorted(folder.glob("*.toml")) if _looks_like(kind, file)]
    best = nearest(path.name, names)
    if best is not None:
        return f"; did you mean {path.with_name(best)}?"
    return f"; {folder} has: {', '.join(names)}" if names else f", nor another of its kind in {folder}"


def _looks_like(kind: type[msgspec.Struct], file: Path) -> bool:
    """Whether it is TOML with every table that `kind` must have."""
    try:
        return set(_required(inspect.type_info(kind))) <= _parse(file).keys()
    except (OSError, ValueError, RecursionError):
        return False


# --- unknown keys


def _unknown_keys(tables: Mapping[str, Any], kind: type[msgspec.Struct]) -> Iterator[str]:
    """One clause for each key that `kind` does not have, at any level."""
    sections = _fields(inspect.type_info(kind))
    for name, table in tables.items():
        if name not in sections:
            yield f"unknown key `{name}`; {_top_level_hint(name, sections)}"
        elif isinstance(table, list):
            for number, item in enumerate(table, start=1):
                yield from _unknown_below(item, sections[name], f"[[{name}]] number {number}")
        else:
            yield from _unknown_below(table, sections[name], f"[{name}]")


def _unknown_below(table: object, kind: inspect.Type, where: str) -> Iterator[str]:
    known = _fields(kind)
    if not isinstance(table, Mapping) or not known:
        return
    for key, value in table.items():
        if key not in known:
            yield f"unknown key `{key}` in {where}; {did_you_mean(key, known)}"
        else:
            yield from _unknown_below(value, known[key], f"{where} {key}")


def _top_level_hint(key: str, sections: Mapping[str, inspect.Type]) -> str:
    """A key before the first [table] usually belongs into one of them."""
    for name, section in sections.items():
        if key in _fields(section):
            return f"it belongs below [{name}]"
    return did_you_mean(key, sections)


def _fields(kind: inspect.Type) -> dict[str, inspect.Type]:
    """The keys of a table or of a list of tables; none for a plain value."""
    if isinstance(kind, inspect.StructType):
        return {f.encode_name: f.type for f in kind.fields}
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return _fields(kind.item_type)
    if isinstance(kind, inspect.UnionType):
        return {name: t for one in kind.types for name, t in _fields(one).items()}
    return {}


# --- wrong values


def _explain(complaint: str, tables: Mapping[str, Any], kind: type[msgspec.Struct]) -> str:
    """msgspec's complaint about `$.camera[0].trigger`, as a sentence that says what is allowed there."""
    what, _, at = complaint.partition(" - at `$")
    keys = re.findall(r"\w+|\[\d+\]", at)
    missing = re.search(r"missing required field `(\w+)`", what)
    if missing:
        return _explain_missing([*keys, missing.group(1)], kind)
    node = _node_at(inspect.type_info(kind), keys)
    return f"{_place(keys)} is {_value_at(tables, keys)!r}; it must be {_allowed(node)}"


def _explain_missing(keys: list[str], kind: type[msgspec.Struct]) -> str:
    node = _node_at(inspect.type_info(kind), keys)
    if not _fields(node):
        return f"{_place(keys)} is missing"
    header = f"[[{keys[-1]}]]" if isinstance(node, inspect.VarTupleType | inspect.ListType) else f"[{keys[-1]}]"
    return f"it has no {header} table; add one with: {', '.join(_required(node))}"


def _required(kind: inspect.Type) -> list[str]:
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return _required(kind.item_type)
    return [f.encode_name for f in kind.fields if f.required] if isinstance(kind, inspect.StructType) else []


def _place(keys: list[str]) -> str:
    """`camera`, `[1]`, `roi`, `[0]` become "`roi[0]` in [[camera]] number 2"."""
    if len(keys) > 2 and keys[1].startswith("["):
        return f"`{_dotted(keys[2:])}` in [[{keys[0]}]] number {int(keys[1][1:-1]) + 1}"
    return f"`{_dotted(keys)}`"


def _dotted(keys: list[str]) -> str:
    return ".".join(keys).replace(".[", "[")


def _value_at(tables: object, keys: list[str]) -> object:
    for key in keys:
        if isinstance(tables, list):
            tables = tables[int(key[1:-1])]
        elif isinstance(tables, Mapping):
            tables = tables[key]
    return tables


def _node_at(kind: inspect.Type, keys: list[str]) -> inspect.Type:
    """The type description that the keys lead to."""
    if isinstance(kind, inspect.UnionType):
        kind = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
    if not keys:
        return kind
    key, *rest = keys
    if isinstance(kind, inspect.StructType):
        return _node_at(_fields(kind)[key], rest)
    if isinstance(kind, inspect.TupleType):
        return _node_at(kind.item_types[int(key[1:-1])], rest)
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return _node_at(kind.item_type, rest)
    return kind


def _allowed(kind: inspect.Type) -> str:
    """What a value may be, in words."""
    if isinstance(kind, inspect.LiteralType):
        return "one of " + ", ".join(f'"{v}"' for v in kind.values)
    if isinstance(kind, inspect.IntType):
        return "a whole number" + _bounds(kind)
    if isinstance(kind, inspect.FloatType):
        return "a number" + _bounds(kind)
    if isinstance(kind, inspect.BoolType):
        return "true or false"
    if isinstance(kind, inspect.StrType):
        return 'text in "quotes"'
    if isinstance(kind, inspect.CustomType):
        return 'a path in "quotes"'
    if isinstance(kind, inspect.TupleType):
        return f"a list of {len(kind.item_types)}: {', '.join(_allowed(t) for t in kind.item_types)}"
    if isinstance(kind, inspect.VarTupleType | inspect.ListType) and _fields(kind):
        return "a list of at least one table, written with [[two brackets]]"
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return f"a list{_length(kind)}, each {_allowed(kind.item_type)}"
    return "a table"


def _length(kind: inspect.VarTupleType | inspect.ListType) -> str:
    return f" of at least {kind.min_length}" if kind.min_length else ""


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:g} to {kind.le:g}"
    return f" of at least {kind.ge:g}" if kind.ge is not None else ""
