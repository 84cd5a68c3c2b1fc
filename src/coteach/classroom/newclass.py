"""`/c/teach/new`: a teacher makes a class by herself, with its name cards and its first lesson.

Rule: one page and one button. What was typed stays when something about it is wrong, and nothing
is made then. A class is its teacher's from the start and belongs to her school.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from coteach.classroom import lessons
from coteach.classroom.lessons import LessonHere
from coteach.classroom.namecards import noted
from coteach.classroom.pictures import pictures
from coteach.classroom.teaching import TeacherHandler
from coteach.errors import UserError
from coteach.i18n import LANGUAGES, match
from coteach.i18n import gettext as _
from coteach.store import classes
from coteach.store.schema import ClassSession, SchoolClass


@dataclass(frozen=True)
class Wanted:
    """What was typed."""

    name: str = ""
    language: str = ""
    secrets: bool = True
    nicknames: str = ""
    """One in a line."""
    lesson: str = ""
    """Empty when she opens one later."""


class NewClass(TeacherHandler):
    """`/c/teach/new`."""

    async def get(self) -> None:
        """Ask for it."""
        self._page(Wanted(language=self.language), None)

    async def post(self) -> None:
        """Make it; go to the class when a lesson was opened, and else to its name cards."""
        wanted = Wanted(
            name=self.get_body_argument("name", ""),
            language=match(self.get_body_argument("language", "")) or self.language,
            secrets=self.get_body_argument("secrets", "on") == "on",
            nicknames=self.get_body_argument("nicknames", ""),
            lesson=self.get_body_argument("lesson", ""))
        try:
            here = LessonHere.find(self.room.settings, wanted.lesson, wanted.language) \
                if wanted.lesson else None
            made, row, pupils = await self.change(lambda s: self._make(s, wanted, here))
        except UserError as error:
            self._page(wanted, error)
            return
        if row is None:
            self.redirect(f"/c/teach/class/{made.id}", status=303)
            return
        self.room.warm(row, made.language, pupils)
        self.redirect(f"/c/teach/{row.id}", status=303)

    def _make(self, session: Session, wanted: Wanted, here: LessonHere | None
              ) -> tuple[SchoolClass, ClassSession | None, int]:
        made = classes.add(session, self.person, name=wanted.name, language=wanted.language,
                           secrets_on=wanted.secrets)
        noted(session, self.person.id, made, "class-made")
        lines = enumerate(wanted.nicknames.splitlines(), 1)
        names = [(number, line) for number, line in lines if line.strip()]
        drawn = list(pictures())
        for place, (number, nickname) in enumerate(names):
            try:
                classes.add_card(session, made, nickname=nickname,
                                 picture=drawn[place % len(drawn)])
            except UserError as error:
                raise _in_line(number, nickname, error) from None
        row = None
        if here is not None:
            row = classes.open_session(
                session, made, lesson=here.lesson.id, version=here.lesson.version,
                person=self.person, minutes=self.room.settings.class_code_minutes)
        return made, row, len(names)

    def _page(self, wanted: Wanted, error: UserError | None) -> None:
        context: dict[str, Any] = {
            "wanted": wanted, "error": error, "languages_here": LANGUAGES,
            "lessons": lessons.choices(self.room.settings, self.language)}
        self.show("new_class.html", error.status if error else 200, **context)


def _in_line(number: int, nickname: str, error: UserError) -> UserError:
    """Return what is wrong with a nickname, and in which line it stands."""
    shown = " ".join(nickname.split())
    return UserError(
        _("Line {number}, {nickname}: {problem}").format(
            number=number, nickname=shown if len(shown) <= 30 else shown[:30] + "…",
            problem=error.message),
        hint=error.hint, status=error.status, code=error.code)
