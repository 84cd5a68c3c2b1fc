"""A matplotlib figure as a PNG, drawn once where IPython draws it twice.

Runs inside the sandbox. IPython cuts a figure's empty margin off: it draws the figure to measure
it and draws it again, moved by the margin. Here the margin is cut off the first drawing. The
picture has the same size and lies at most half a pixel beside IPython's; where the figure reaches
over its own edge or is drawn in any other way, IPython's own function draws it.
"""

from __future__ import annotations

import io
from binascii import b2a_base64
from typing import IO, Any, cast

from IPython.core import pylabtools

_whole = pylabtools.print_figure
_MOST = 64
_over: dict[tuple[Any, ...], None] = {}
"""Sizes of figures that reached over their edge: the next one like it is not drawn in vain."""


def install() -> None:
    """Have IPython's inline backend draw so in this process."""
    pylabtools.print_figure = print_figure


def print_figure(fig: Any, fmt: str = "png", bbox_inches: Any = "tight",
                 base64: bool = False, **kwargs: Any) -> bytes | str | None:
    """Return a figure as a picture.

    Parameters
    ----------
    fig, fmt, bbox_inches, base64, **kwargs
        As `IPython.core.pylabtools.print_figure` has them.
    """
    png = (_cropped(fig) if fmt == "png" and isinstance(bbox_inches, str)
           and bbox_inches == "tight" and not kwargs else None)
    if png is None:
        return _whole(fig, fmt, bbox_inches, base64, **kwargs)  # type: ignore[no-any-return]
    return b2a_base64(png, newline=False).decode("ascii") if base64 else png


class _Nowhere(io.RawIOBase):
    """A file that keeps nothing: the drawing is taken from the canvas."""

    def write(self, data: Any) -> int:
        """Take no note of it."""
        return len(data)


def _cropped(fig: Any) -> bytes | None:
    """Return a figure that was drawn once, without its margin; None if that can't be had."""
    import matplotlib as mpl
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.image import imsave

    canvas, alike = fig.canvas, (*fig.get_size_inches(), fig.dpi, len(fig.axes))
    if (alike in _over or not (fig.axes or fig.lines) or not isinstance(canvas, FigureCanvasAgg)
            or canvas.device_pixel_ratio != 1 or mpl.rcParams["savefig.bbox"] is not None):
        return None
    canvas.print_figure(cast(IO[bytes], _Nowhere()), format="raw", dpi=fig.dpi,
                        facecolor=fig.get_facecolor(), edgecolor=fig.get_edgecolor())
    renderer = canvas.get_renderer()
    wide, high = int(renderer.width), int(renderer.height)
    box = fig.get_tightbbox(renderer).padded(mpl.rcParams["savefig.pad_inches"])
    left, bottom = round(box.x0 * fig.dpi), high - round(box.y0 * fig.dpi)
    right, top = left + int(box.width * fig.dpi), bottom - int(box.height * fig.dpi)
    if not (0 <= left < right <= wide and 0 <= top < bottom <= high):
        if len(_over) < _MOST:
            _over[alike] = None
        return None
    picture, out = np.asarray(canvas.buffer_rgba()), io.BytesIO()
    imsave(out, picture[top:bottom, left:right], format="png", origin="upper", dpi=fig.dpi)
    return out.getvalue()
