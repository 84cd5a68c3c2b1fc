"""`Review`: one's recordings with the comments at their moments and the marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from coteach_widgets._base import CoteachWidget, script, style
from coteach_widgets._comments import comments_frame, marks_frame

if TYPE_CHECKING:
    import pandas as pd


class Review(CoteachWidget):
    """Your recordings of a module; a click on a comment goes to its moment.

    Parameters
    ----------
    module
        The course module.
    """

    _esm = script("review")
    _css = style("_player")
    module = traitlets.Unicode("").tag(sync=True)
    recordings = traitlets.List(traitlets.Dict()).tag(sync=True)

    def comments(self) -> pd.DataFrame:
        """Return the comments on your recordings, one row each."""
        return comments_frame(self.recordings)

    def marks(self) -> pd.DataFrame:
        """Return the marks of your recordings by rubric line, one row each."""
        return marks_frame(self.recordings)
