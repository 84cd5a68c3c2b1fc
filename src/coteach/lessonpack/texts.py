"""Short texts that come in several languages, and the careful reading of TOML tables.

Rule: a wrong value is a `UserError` that names the file, the key and the value; a key that we do
not know is kept and handed back, never dropped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from coteach.errors import UserError
from coteach.i18n import DEFAULT_LANGUAGE
from coteach.i18n import gettext as _

Texts = Mapping[str, str]
"""BCP 47 tag to text."""

MAX_TOML = 1_000_000


def text_in(texts: Texts, language: str) -> str:
    """Return the text in a language; else in English; else in the first language there is."""
    for tag in (language, language.split("-")[0], DEFAULT_LANGUAGE):
        if tag in texts:
            return texts[tag]
    return next(iter(texts.values()), "")


def parse(raw: bytes, where: str) -> Table:
    """Read a TOML document.

    Parameters
    ----------
    raw
        The file's bytes.
    where
        How errors name the file.

    Raises
    ------
    UserError
        It is too large, not UTF-8 or not TOML.
    """
    if len(raw) > MAX_TOML:
        raise wrong(where, _("The file is larger than {limit} bytes.").format(limit=MAX_TOML))
    try:
        return Table(tomllib.loads(raw.decode("utf-8-sig")), where)
    except UnicodeDecodeError:
        raise wrong(where, _("The file is not UTF-8 text.")) from None
    except tomllib.TOMLDecodeError as error:
        raise wrong(where, _("The file is not TOML: {error}.").format(error=error)) from None


def read(path: Path) -> Table:
    """Read a TOML file; errors as `parse`, and when it is missing."""
    try:
        return parse(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise missing_file(path.name, str(path.parent)) from None


def wrong(where: str, sentence: str, hint: str = "") -> UserError:
    """Return the error for a bad course or lesson file."""
    return UserError(f"{where}: {sentence}", hint=hint or _("Correct the file and try again."),
                     code="bad-pack")


def missing_file(name: str, where: str) -> UserError:
    """Return the error for a file that has to be there."""
    return wrong(where, _("The file {name} is missing.").format(name=name))


class Table:
    """A TOML table that knows its file and place, for errors that name both.

    What was never asked for stays in `rest()`.
    """

    def __init__(self, values: Mapping[str, Any], where: str, prefix: str = "") -> None:
        self._values = dict(values)
        self._asked: set[str] = set()
        self.where = where
        self.prefix = prefix

    def bad(self, key: str, sentence: str) -> UserError:
        """Return an error about one key with its value."""
        value = self._values.get(key)
        name = f"{self.prefix}{key}"
        if value is None:
            return wrong(self.where, _("The key {key} is missing.").format(key=name))
        shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "…"
        return wrong(self.where, _("The key {key} has the value {value}. {sentence}").format(
            key=name, value=shown, sentence=sentence))

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that is not empty."""
        self._asked.add(key)
        value = self._values.get(key, default)
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise self.bad(key, _("It must be a text."))
        return value

    def texts(self, key: str, languages: Iterable[str] = ()) -> dict[str, str]:
        """Return a text in several languages; a plain string counts as English.

        Parameters
        ----------
        languages
            Each of these must be there.
        """
        self._asked.add(key)
        value = self._values.get(key)
        found = {DEFAULT_LANGUAGE: value} if isinstance(value, str) else value
        if not isinstance(found, dict) or not found or not all(
                isinstance(text, str) and text.strip() for text in found.values()):
            raise self.bad(key, _("It must be a text for each language."))
        for tag in languages:
            if tag not in found:
                raise self.bad(key, _("The language {language} is missing.").format(language=tag))
        return {str(tag): text for tag, text in found.items()}

    def number(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number between two limits."""
        self._asked.add(key)
        value = self._values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.bad(key, _("It must be a whole number from {low} to {high}.").format(
                low=low, high=high))
        return value

    def words(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts."""
        self._asked.add(key)
        value = self._values.get(key, default)
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.bad(key, _("It must be a list of texts."))
        if not value and default is None:
            raise self.bad(key, _("It must not be empty."))
        return tuple(value)

    def numbers(self, key: str, count: int) -> tuple[int, ...]:
        """Return a list of so many whole numbers."""
        self._asked.add(key)
        value = self._values.get(key)
        if not isinstance(value, list) or len(value) != count or not all(
                isinstance(v, int) and not isinstance(v, bool) for v in value):
            raise self.bad(key, _("It must be a list of {count} whole numbers.").format(
                count=count))
        return tuple(value)

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        """Return a text that is one of these."""
        value = self.text(key)
        known = list(allowed)
        if value not in known:
            raise self.bad(key, _("It must be one of: {names}.").format(names=", ".join(known)))
        return value

    def table(self, key: str) -> Table | None:
        """Return a table inside this one, or None."""
        self._asked.add(key)
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.bad(key, _("It must be a table."))
        return Table(value, self.where, f"{self.prefix}{key}.")

    def tables(self, key: str) -> list[Table]:
        """Return a list of tables, empty when there is none."""
        self._asked.add(key)
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.bad(key, _("It must be a list of tables."))
        return [Table(v, self.where, f"{self.prefix}{key}[{n}].") for n, v in enumerate(value, 1)]

    def text_tables(self, key: str) -> tuple[dict[str, str], ...]:
        """Return a list of texts in several languages."""
        self._asked.add(key)
        value = self._values.get(key)
        if not isinstance(value, list):
            raise self.bad(key, _("It must be a list of texts for each language."))
        return tuple(Table({"text": v}, self.where, f"{self.prefix}{key}[{n}].").texts("text")
                     for n, v in enumerate(value, 1))

    def rest(self) -> dict[str, Any]:
        """Return what nobody asked for: keys of other tools and of later versions."""
        return {key: value for key, value in self._values.items() if key not in self._asked}
