"""Standard output and error of code that is executed here, as objects in the place of files.

Knows nothing of who executes what; who takes the text is the subclass's choice.
"""

from __future__ import annotations

import io


class Written(io.TextIOBase):
    """Takes what is written, as a file would, and hands it to `take`.

    Parameters
    ----------
    label
        ``stdout`` or ``stderr``.
    number
        The process's own descriptor, for what can't write text to an object.
    """

    encoding = "UTF-8"
    errors = "replace"

    def __init__(self, label: str, number: int) -> None:
        self._label, self._number = label, number

    def take(self, text: str) -> None:
        """Do with a text what is done with it."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """As files have it."""
        return f"<{self._label}>"

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def isatty(self) -> bool:
        """No person sits here."""
        return False

    def fileno(self) -> int:
        """The process's own descriptor."""
        return self._number

    def write(self, text: str) -> int:
        """Hand text on."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.take(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""
