"""The widgets of coteach's notebooks and class pages.

They work in JupyterLab, in Voila and wherever anywidget does, and import nothing of coteach.
"""

from coteach_widgets.answers import read_answers
from coteach_widgets.device_check import DeviceCheck
from coteach_widgets.practice import Practice
from coteach_widgets.question import (
    Choice,
    Draw,
    ExitTicket,
    MultipleChoice,
    Number,
    Photo,
    Poll,
    ShortText,
    Understood,
)
from coteach_widgets.review import Review
from coteach_widgets.webcast import Webcast

__all__ = [
    "Choice", "DeviceCheck", "Draw", "ExitTicket", "MultipleChoice", "Number", "Photo", "Poll",
    "Practice", "Review", "ShortText", "Understood", "Webcast", "read_answers"]
