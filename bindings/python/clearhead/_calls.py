"""Wrong calls: they say which argument is wrong, what it may be, and what came."""

import difflib
import functools
import inspect
import os
import re
from collections.abc import Sequence
from typing import NamedTuple


def says_what_is_wrong(function, name=None):
    """The function, whose TypeErrors are a line about the argument that does not fit, and whose
    signature Python knows. ``name`` is how people call it."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            if not str(error).startswith(function.__name__ + "(): incompatible"):
                raise
        raise TypeError(f"{name or function.__name__}: {_what_is_wrong(function, args, kwargs)}")

    call.__module__ = "clearhead"
    call.__doc__ = function.__nb_signature__[0][1]
    call.__signature__ = _signature(function)
    return call


class _Parameter(NamedTuple):
    name: str
    kinds: list[str]  # one of which a value must be
    default: str  # \\N, the Nth of the defaults; empty if there must be a value
    is_named: bool  # cannot be given by its place


def _short(kind):
    return re.sub(r"[\w.]*\.", "", kind)


def _parameters(function):
    text = function.__nb_signature__[0][0].partition("(")[2].rpartition(") -> ")[0]
    text = re.sub(r"\[[^]]*\]", lambda part: part[0].replace(", ", ","), text)
    parameters, is_named = [], False
    for part in filter(None, text.split(", ")):
        name, _, kind = part.partition(": ")
        kind, _, default = kind.partition(" = ")
        if name == "*":
            is_named = True
        else:
            kinds = [_short(one) for one in kind.split(" | ") if one]
            parameters.append(_Parameter(name, kinds, default, is_named))
    return parameters


def _signature(function):
    """For help and for editors."""
    text, _, defaults = function.__nb_signature__[0]
    Parameter = inspect.Parameter
    return inspect.Signature(
        [
            Parameter(
                p.name,
                Parameter.KEYWORD_ONLY if p.is_named else Parameter.POSITIONAL_OR_KEYWORD,
                default=defaults[int(p.default[1:])] if p.default else Parameter.empty,
                annotation=" | ".join(p.kinds) or Parameter.empty,
            )
            for p in _parameters(function)
        ],
        return_annotation=_short(text.rpartition(") -> ")[2]),
    )


_CHECKS = {
    "object": lambda x: x is not None,
    "ArrayT": lambda x: x is not None,
    "None": lambda x: x is None,
    "bool": lambda x: isinstance(x, bool),
    "int": lambda x: hasattr(x, "__index__"),
    "float": lambda x: hasattr(x, "__float__") and not hasattr(x, "shape"),
    "PathLike": lambda x: isinstance(x, os.PathLike),
    "Sequence[str]": lambda x: isinstance(x, Sequence) and all(isinstance(s, str) for s in x),
    "tuple[float,float]": lambda x: isinstance(x, Sequence) and len(x) == 2,
}


def _fits(value, kind):
    if kind in _CHECKS:
        return _CHECKS[kind](value)
    return kind in {base.__name__ for base in type(value).__mro__}


def _what_is_wrong(function, args, kwargs):
    parameters = _parameters(function)
    names = [p.name for p in parameters]
    placed = [p.name for p in parameters if not p.is_named]
    given = dict(zip(placed, args)) | kwargs
    if len(args) > len(placed):
        return f"expected at most {len(placed)} arguments without a name, got {len(args)}"
    for name in kwargs:
        if name not in names:
            near = difflib.get_close_matches(name, names, 3) or names
            return f"there is no argument {name}; those most like it: {', '.join(near)}"
        if name in placed[: len(args)]:
            return f"{name} came twice, by its place and by its name"
    wrong = []
    for name, kinds, default, _ in parameters:
        if name in given and kinds and not any(_fits(given[name], kind) for kind in kinds):
            wrong.append((name, kinds))
        elif name not in given and not default:
            return f"{name} is missing"
    # What fits by its type is a number that is too large, or negative.
    wrong = wrong or [(p.name, p.kinds) for p in parameters if "int" in p.kinds and p.name in given]
    words = {"object": "a value", "ArrayT": "an array"}
    return "; ".join(
        f"{name}: expected {' or '.join(words.get(kind, kind) for kind in kinds)}, got "
        f"{type(given[name]).__name__} {given[name]!r:.60}"
        for name, kinds in wrong
    ) or f"the arguments do not fit {_signature(function)}"
