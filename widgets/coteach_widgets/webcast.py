"""`Webcast`: a teacher on stage and the classrooms that watch her, in a notebook."""

from __future__ import annotations

import traitlets

from coteach_widgets._base import CoteachWidget, script, style


class Webcast(CoteachWidget):
    """A webcast with hands, chat, questions and captions.

    Parameters
    ----------
    room
        The room's name, as in its page's address.
    """

    _esm = script("webcast")
    _css = style("_player", "webcast")
    room = traitlets.Unicode("").tag(sync=True)
