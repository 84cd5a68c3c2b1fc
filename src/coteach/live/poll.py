"""One question at a time: the teacher asks, everybody answers once and may change it."""

from __future__ import annotations

from typing import Any

from coteach.errors import Conflict, UserError
from coteach.i18n import gettext as _
from coteach.live.acts import Happened, Who, only_teachers, text_of

MAX_QUESTION, MAX_CHOICE, MOST = 300, 100, 8


class Poll:
    """The room's question. Who answered what is nobody's to see, only how many."""

    verbs = ("poll", "poll-answer", "poll-end", "poll-close")

    def __init__(self) -> None:
        self._asked: Happened | None = None
        self._ended = False
        self._answers: dict[str, int] = {}

    def decide(self, who: Who, message: dict[str, Any]) -> list[Happened]:
        """Ask, answer, end (counts stay), or take away."""
        verb = message["type"]
        if verb == "poll-answer":
            return self._answer(who, message)
        only_teachers(who)
        if verb == "poll":
            if self._asked is not None and not self._ended:
                raise Conflict(_("A question is open already."), hint=_("End it first."))
            choices = message.get("choices")
            if not isinstance(choices, list) or not 2 <= len(choices) <= MOST:
                raise UserError(_("A question needs 2 to {most} choices.").format(most=MOST),
                                code="bad-choices")
            return [Happened(who.seat, verb, {
                "question": text_of(message, "question", MAX_QUESTION),
                "choices": [text_of({"text": c}, "text", MAX_CHOICE) for c in choices]})]
        return [Happened(who.seat, verb)] if self._asked is not None else []

    def _answer(self, who: Who, message: dict[str, Any]) -> list[Happened]:
        if self._asked is None or self._ended or message.get("poll") != self._asked.number:
            raise Conflict(_("This question is over."), code="poll-over")
        choice = message.get("choice")
        if type(choice) is not int or not 0 <= choice < len(self._asked.value["choices"]):
            raise UserError(_("There is no such choice."), code="bad-choice")
        return [Happened(who.seat, "poll-answer", {"choice": choice})]

    def apply(self, event: Happened) -> None:
        """Follow what happened."""
        if event.verb == "poll":
            self._asked, self._ended, self._answers = event, False, {}
        elif event.verb == "poll-answer":
            self._answers[event.seat] = event.value["choice"]
        elif event.verb == "poll-end":
            self._ended = True
        else:
            self._asked = None

    def gone(self, seat: str) -> None:
        """Her answer still counts."""

    def shown(self, who: Who) -> dict[str, Any] | None:
        """Return the question; the counts are the teacher's until it ends."""
        if self._asked is None:
            return None
        choices = self._asked.value["choices"]
        given = list(self._answers.values())
        return {"poll": self._asked.number, "question": self._asked.value["question"],
                "choices": choices, "ended": self._ended, "answered": len(given),
                "mine": self._answers.get(who.seat),
                "counts": [given.count(i) for i in range(len(choices))]
                if self._ended or who.leads else None}
