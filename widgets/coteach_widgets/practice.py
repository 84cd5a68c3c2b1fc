"""`Practice`: one's own practice room through the live server, recorded with consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from coteach_widgets._base import CoteachWidget, script, style
from coteach_widgets._comments import comments_frame, marks_frame

if TYPE_CHECKING:
    import pandas as pd


class Practice(CoteachWidget):
    """A practice room with live picture and sound; the recording appears below it.

    Parameters
    ----------
    module
        The course module that is practised.
    """

    _esm = script("practice")
    _css = style("_player", "practice")
    module = traitlets.Unicode("").tag(sync=True)
    recordings = traitlets.List(traitlets.Dict()).tag(sync=True)

    def comments(self) -> pd.DataFrame:
        """Return the comments on your recordings of this module, one row each."""
        return comments_frame(self.recordings)

    def marks(self) -> pd.DataFrame:
        """Return the marks of your recordings by rubric line, one row each."""
        return marks_frame(self.recordings)
