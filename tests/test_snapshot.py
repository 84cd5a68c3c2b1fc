"""Snapshots of widgets: every control as a real one with its label, everything of text escaped."""

from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser

import ipywidgets
import pytest
from markupsafe import escape

from coteach.pages.snapshot import snapshot

VOID = {"input", "img", "br", "hr"}


class Tree(HTMLParser):
    """Reads HTML and refuses elements that do not end where they should."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict]] = []
        self.words = ""
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data

    def one(self, tag: str, **wanted: str) -> dict:
        """The only element of a kind."""
        got = [attrs for name, attrs in self.found if name == tag
               and all(attrs.get(key) == value for key, value in wanted.items())]
        assert len(got) == 1, got
        return got[0]

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.found if name == tag]


def drawn(widget: ipywidgets.Widget) -> str:
    """The snapshot of a widget as the page gets it, from the states of all widgets."""
    states = ipywidgets.Widget.get_manager_state(widgets=None)["state"]
    return str(snapshot(states, widget.model_id, lambda outputs: "".join(
        str(escape(output.get("text", ""))) for output in outputs)))


def tree(widget: ipywidgets.Widget) -> Tree:
    return Tree(drawn(widget))


@pytest.fixture(autouse=True)
def no_widgets_of_other_tests():
    ipywidgets.Widget.close_all()
    yield
    ipywidgets.Widget.close_all()


def test_a_slider_is_a_range_input_with_its_label_and_readout():
    page = tree(ipywidgets.FloatSlider(value=8, min=0, max=24, step=0.5, readout_format=".1f",
                                       description="Time"))
    slider = page.one("input", type="range")
    assert (slider["value"], slider["min"], slider["max"], slider["step"]) == (
        "8.0", "0.0", "24.0", "0.5")
    assert page.one("label")["for"] == slider["id"] and "8.0" in page.words
    assert slider["data-ct-as"] == "float" and "disabled" not in slider


@pytest.mark.parametrize(("made", "shown"), [
    (lambda: ipywidgets.IntSlider(value=-5, min=-9), "−5"),
    (lambda: ipywidgets.FloatSlider(value=0.256, max=1, readout_format=".1%"), "25.6%"),
    (lambda: ipywidgets.FloatSlider(value=12345.678, max=1e6, readout_format=",.1f"), "12,345.7"),
    (lambda: ipywidgets.FloatLogSlider(value=10, min=-1, max=3), "10.0"),
    (lambda: ipywidgets.IntRangeSlider(value=(2, 5)), "2 – 5"),
    (lambda: ipywidgets.SelectionSlider(options=["one", "two"], value="two"), "two"),
    (lambda: ipywidgets.SelectionRangeSlider(options=["a", "b", "c"], index=(0, 2)), "a-c"),
])
def test_readouts_are_written_as_the_live_slider_writes_them(made, shown):
    assert shown in tree(made()).words


def test_a_range_has_two_ends_that_say_which_they_are():
    ends = tree(ipywidgets.IntRangeSlider(value=(2, 5), max=9, description="Ages")).all("input")
    assert [end["value"] for end in ends] == ["2", "5"]
    assert len({end["aria-label"] for end in ends}) == 2


@pytest.mark.parametrize(("made", "tag", "wanted"), [
    (lambda: ipywidgets.IntText(value=4, description="d"), "input",
     {"type": "number", "value": "4", "data-ct-as": "int"}),
    (lambda: ipywidgets.BoundedFloatText(value=1.5, max=3, description="d"), "input",
     {"type": "number", "max": "3.0", "data-ct-as": "float"}),
    (lambda: ipywidgets.Text("hello", description="d"), "input", {"type": "text", "value": "hello"}),
    (lambda: ipywidgets.Password(value="hunter2", description="d"), "input", {"type": "password"}),
    (lambda: ipywidgets.Checkbox(value=True, description="d"), "input",
     {"type": "checkbox", "data-ct-as": "bool"}),
    (lambda: ipywidgets.Dropdown(options=["a", "b"], description="d"), "select",
     {"data-ct-as": "index"}),
    (lambda: ipywidgets.SelectMultiple(options=["a", "b"], description="d"), "select",
     {"data-ct-as": "indexes", "size": "5"}),
    (lambda: ipywidgets.Button(description="d", button_style="primary"), "button",
     {"data-ct-as": "press", "class": "jupyter-widgets jupyter-button widget-button mod-primary"}),
    (lambda: ipywidgets.ToggleButton(value=True, description="d"), "button",
     {"aria-pressed": "true"}),
    (lambda: ipywidgets.DatePicker(value=datetime.date(2026, 3, 4), description="d"), "input",
     {"type": "date", "value": "2026-03-04"}),
    (lambda: ipywidgets.TimePicker(value=datetime.time(9, 30), description="d"), "input",
     {"type": "time", "value": "09:30"}),
    (lambda: ipywidgets.NaiveDatetimePicker(value=datetime.datetime(2026, 3, 4, 9, 30),
                                            description="d"), "input",
     {"type": "datetime-local", "value": "2026-03-04T09:30"}),
])
def test_each_control_is_a_real_one_with_its_value(made, tag, wanted):
    widget = made()
    page = tree(widget)
    found = page.one(tag)
    assert found.items() >= wanted.items()
    assert found["data-ct-model"] == widget.model_id
    assert "d" in page.words


@pytest.mark.parametrize(("colour", "shown"), [
    ("red", "#ff0000"), ("#0a0", "#00aa00"), ("rgb(1, 2, 3)", "#010203"), ("nonsense", "#000000")])
def test_a_colour_field_shows_the_colour_however_it_is_written(colour, shown):
    state = {"m": {"model_name": "ColorPickerModel", "model_module": "@jupyter-widgets/controls",
                   "state": {"value": colour, "description": "d"}}}
    page = Tree(snapshot(state, "m", lambda outputs: ""))
    assert page.one("input", type="color")["value"] == shown


def test_formulas_and_tags_look_as_they_will_when_they_live():
    html = drawn(ipywidgets.HTMLMath("So <b title='$no$'>is</b> $x^2$ &amp; $$a&lt;b$$"))
    assert html.count("<math") == 2 and "title='$no$'" in html and "$x" not in html
    assert "<math" in drawn(ipywidgets.Label(r"$\alpha$"))
    assert "&lt;i&gt;" in drawn(ipywidgets.Label("<i> $x$"))
    assert "mod-success" in drawn(ipywidgets.TagsInput(value=["one"], tag_style="success"))
    assert "background-color:red" in drawn(ipywidgets.ColorsInput(value=["red"]))
    assert "1.50" in tree(ipywidgets.FloatsInput(value=[1.5], format=".2f")).words
    assert tree(ipywidgets.TagsInput(value=[])).one("input")["type"] == "text"


def test_a_password_is_never_written():
    assert "hunter2" not in drawn(ipywidgets.Password(value="hunter2"))


def test_what_the_author_disabled_is_disabled():
    assert "disabled" in tree(ipywidgets.IntSlider(disabled=True)).one("input")
    assert "disabled" not in tree(ipywidgets.IntSlider()).one("input")


def test_choices_show_which_one_is_chosen():
    page = tree(ipywidgets.Dropdown(options=["red", "green"], value="green"))
    assert ["selected" in option for option in page.all("option")] == [False, True]
    page = tree(ipywidgets.RadioButtons(options=["near", "far"], value="far"))
    assert ["checked" in radio for radio in page.all("input")] == [False, True]
    page = tree(ipywidgets.ToggleButtons(options=["slow", "fast"], value="fast"))
    assert [button["aria-pressed"] for button in page.all("button")] == ["false", "true"]
    page = tree(ipywidgets.Dropdown(options=["red", "green"], value=None))
    assert "hidden" in page.all("option")[0] and "selected" in page.all("option")[0]


def test_boxes_hold_their_children_in_order_and_tabs_show_one():
    box = ipywidgets.VBox([ipywidgets.Label("first"), ipywidgets.HBox([ipywidgets.Label("second")])])
    assert re.search(r"first.*second", drawn(box), re.S)
    page = tree(ipywidgets.Tab([ipywidgets.Label("in one"), ipywidgets.Label("in two")],
                               titles=["One", "Two"], selected_index=1))
    assert [tab["aria-selected"] for tab in page.all("li")] == ["false", "true"]
    hidden = ["hidden" in attrs for attrs in page.all("div") if not attrs.get("class")]
    assert hidden == [True, False]
    page = tree(ipywidgets.Accordion([ipywidgets.Label("in")], titles=["Open me"]))
    assert "open" not in page.one("details") and "Open me" in page.words
    assert "b" not in tree(ipywidgets.Stack([ipywidgets.Label("a"), ipywidgets.Label("b")],
                                            selected_index=0)).words


def test_output_shows_what_it_recorded():
    out = ipywidgets.Output()
    out.outputs = ({"output_type": "stream", "name": "stdout", "text": "<1 & 2>"},)
    assert "&lt;1 &amp; 2&gt;" in drawn(out)


def test_an_image_is_in_the_page():
    page = tree(ipywidgets.Image(value=b"\x89PNG", width=40))
    assert page.one("img").items() >= {"src": "data:image/png;base64,iVBORw==",
                                       "width": "40"}.items()


NASTY = '"><script>alert(1)</script>\'&'


@pytest.mark.parametrize("made", [
    lambda: ipywidgets.IntSlider(description=NASTY), lambda: ipywidgets.Text(NASTY),
    lambda: ipywidgets.Textarea(NASTY + "</textarea>"), lambda: ipywidgets.Label(NASTY),
    lambda: ipywidgets.Dropdown(options=[NASTY], description=NASTY),
    lambda: ipywidgets.RadioButtons(options=[NASTY]), lambda: ipywidgets.Combobox(options=[NASTY]),
    lambda: ipywidgets.ToggleButtons(options=[NASTY]), lambda: ipywidgets.Button(description=NASTY),
    lambda: ipywidgets.Button(icon=NASTY, tooltip=NASTY), lambda: ipywidgets.Valid(readout=NASTY),
    lambda: ipywidgets.Tab([ipywidgets.Label()], titles=[NASTY]),
    lambda: ipywidgets.Accordion([ipywidgets.Label()], titles=[NASTY]),
    lambda: ipywidgets.Image(value=b"", format=NASTY), lambda: ipywidgets.ColorPicker(),
    lambda: ipywidgets.Text(placeholder=NASTY), lambda: ipywidgets.TagsInput(value=[NASTY]),
    lambda: ipywidgets.IntSlider(description=NASTY, description_allow_html=True),
    lambda: ipywidgets.SelectionSlider(options=[NASTY, "b"]),
])
def test_text_is_text(made):
    widget = made()
    widget.add_class(NASTY)
    widget.layout.width = "1px;background:url(//elsewhere.example)"
    page = tree(widget)
    assert not page.all("script") and "elsewhere" not in drawn(widget)
    assert all(not name.startswith("on") for _tag, attrs in page.found for name in attrs)


def test_a_widget_that_only_its_own_script_can_draw_keeps_its_room():
    html = drawn(ipywidgets.VBox([ipywidgets.Audio(layout={"height": "90px"})]))
    assert "Tap to start this part" in html and "min-height:90px" in html
    assert "Tap to start this part" in snapshot({}, "0" * 32, lambda outputs: "")


def test_a_box_in_itself_ends():
    box = ipywidgets.VBox()
    box.children = [box]
    assert drawn(box).count("widget-vbox") == 1
