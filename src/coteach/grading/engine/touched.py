"""Which names a cell sets or may change, read from its source without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_MAGIC = re.compile(r"^\s*[%!?].*$", re.M)
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$", re.M)


def parse(source: str) -> ast.Module | None:
    """Return the tree of a cell, its magics left out; None when it can't be read."""
    if source.lstrip().startswith("%%"):
        source = source.lstrip().partition("\n")[2]
    try:
        return ast.parse(_MAGIC.sub("pass", _ASSIGNED_MAGIC.sub(r"\1None", source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _found(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(
                node.ctx, ast.Load):
            yield _root(node)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):  # a method may change its object
                yield _root(node.func)
            # A function may change what it is given.
            yield from (_root(value) for value in (*node.args, *(k.value for k in node.keywords)))
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
        elif isinstance(node, ast.Global):
            yield from node.names


def touched(source: str) -> frozenset[str]:
    """Return the names that a cell sets or changes, or may change by a call; no imports."""
    tree = parse(source)
    return frozenset(name for name in _found(tree) if name) if tree else frozenset()
