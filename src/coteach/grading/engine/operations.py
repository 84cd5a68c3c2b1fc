"""What may be asked for across the border, by name. Nothing else can be."""

from __future__ import annotations

import copy
import inspect
import operator
from collections.abc import Callable
from typing import Any

from coteach.grading.engine.values import payload


def _attribute(value: Any, name: str) -> Any:
    return getattr(value, name)


def _call(function: Any, *args: Any, **names: Any) -> Any:
    return function(*args, **names)


BINARY = {name: getattr(operator, f"__{name}__") for name in (
    "add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and",
    "or", "xor", "eq", "ne", "lt", "le", "gt", "ge")}
INPLACE = {f"i{name}": getattr(operator, f"__i{name}__") for name in (
    "add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and",
    "or", "xor")}
UNARY: dict[str, Callable[..., Any]] = {
    "neg": operator.neg, "pos": operator.pos, "abs": abs, "invert": operator.invert,
    "len": len, "bool": bool, "str": str, "repr": repr, "bytes": bytes, "hash": hash, "int": int,
    "float": float, "complex": complex, "index": operator.index, "iter": iter, "next": next,
    "reversed": reversed, "dir": dir, "enter": lambda v: type(v).__enter__(v),
    "floor": lambda v: type(v).__floor__(v), "ceil": lambda v: type(v).__ceil__(v),
    "trunc": lambda v: type(v).__trunc__(v),
}
OTHERS: dict[str, Callable[..., Any]] = {
    "call": _call, "getattr": _attribute, "setattr": setattr, "delattr": delattr,
    "getitem": operator.getitem, "setitem": operator.setitem, "delitem": operator.delitem,
    "contains": lambda holder, item: item in holder, "format": format, "round": round,
    "divmod": divmod, "copy": copy.copy, "deepcopy": copy.deepcopy,
    "exit": lambda v, *a: type(v).__exit__(v, *a),
    "array": lambda v, *a: v.__array__(*a),
    "signature": inspect.signature, "inside": payload,
}
ALL: dict[str, Callable[..., Any]] = {**BINARY, **INPLACE, **UNARY, **OTHERS}

SPECIAL = frozenset(
    {f"__{name}__" for name in (*BINARY, *INPLACE, *UNARY, "call", "getitem", "setitem", "delitem",
                                "contains", "format", "round", "divmod", "exit", "array")}
    | {f"__r{name}__" for name in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod",
                                   "pow", "lshift", "rshift", "and", "or", "xor", "divmod")})
"""Methods that Python looks up on the class; a class on the other side gets those it has."""


def specials(kind: type) -> list[str]:
    """Return which of these methods a class has beyond those of every object."""
    found = []
    for name in SPECIAL:
        for above in kind.__mro__:
            if above is object:
                break
            if name in vars(above):
                if vars(above)[name] is not None:
                    found.append(name)
                break
    return sorted(found)
