"""A figure drawn once is the figure that IPython draws twice."""

import io

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core import pylabtools
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from coteach.pages import drawing


@pytest.fixture(autouse=True)
def nothing_learnt(monkeypatch):
    monkeypatch.setattr(drawing, "_over", {})


def figure(**more) -> Figure:
    made = Figure(figsize=(6, 3.4), dpi=72, **more)
    FigureCanvasAgg(made)
    axes = made.subplots()
    axes.plot([[1, 2], [3, 1], [2, 5]], linewidth=2.5)
    axes.set_ylabel("mm")
    axes.legend(["a", "b"])
    return made


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int)


@pytest.mark.parametrize("more", [{}, {"facecolor": "#ffe08a"}, {"layout": "constrained"}])
def test_a_figure_drawn_once_has_the_same_size_and_the_same_picture(more):
    once, twice = (pixels(draw(figure(**more))) for draw in (
        drawing.print_figure, pylabtools.print_figure))
    assert once.shape == twice.shape
    # Lines are softer or sharper, nothing is elsewhere: any whole pixel beside would be worse.
    beside = {move: abs(np.roll(once, move, (0, 1)) - twice)[5:-5, 5:-5].mean()
              for move in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))}
    assert min(beside, key=beside.get) == (0, 0) and beside[0, 0] < 4


def test_a_figure_is_drawn_once(monkeypatch):
    drawn = []
    one = figure()
    draw = one.draw
    monkeypatch.setattr(one, "draw", lambda renderer: drawn.append(1) or draw(renderer))
    before = one.dpi, one.bbox_inches.bounds, one.patch.get_facecolor()
    assert drawing.print_figure(one)
    assert len(drawn) == 1
    assert (one.dpi, one.bbox_inches.bounds, one.patch.get_facecolor()) == before


def test_what_reaches_over_the_edge_is_drawn_as_ipython_does_and_not_in_vain_again(monkeypatch):
    def wide():
        made = figure()
        made.axes[0].text(3, 2, "far outside " * 5)
        return made
    assert drawing.print_figure(wide()) == pylabtools.print_figure(wide())
    monkeypatch.setattr(FigureCanvasAgg, "print_raw", None)
    assert drawing.print_figure(wide()) == pylabtools.print_figure(wide())


@pytest.mark.parametrize(("setting", "more"), [
    ({}, {"fmt": "svg"}), ({}, {"fmt": "retina"}), ({}, {"bbox_inches": None}),
    ({}, {"pad_inches": 1}), ({"savefig.bbox": "tight"}, {})])
def test_any_other_picture_is_ipythons(setting, more, monkeypatch):
    monkeypatch.setattr(drawing, "_whole", lambda *_all, **_more: "ipython's")
    with mpl.rc_context(setting):
        assert drawing.print_figure(figure(), **more) == "ipython's"


def test_an_empty_figure_is_no_picture():
    assert drawing.print_figure(Figure()) is None


def test_text_is_what_a_message_carries():
    assert drawing.print_figure(figure(), base64=True).startswith("iVBOR")
