"""What a trainer does in the portal: nbgrader's commands say so and touch no shared folder."""

from __future__ import annotations

from nbgrader.exchange import abc

from coteach.exchange.base import Exchange


class _InThePortal(Exchange):
    """Refuses with the way that there is."""

    def copy_files(self) -> None:
        """Refuse."""
        self.fail("Trainers release, collect and give back on the cohort's pages of the portal, "
                  "not with this command. Nothing was changed.")


class Release(_InThePortal, abc.ExchangeReleaseAssignment):  # type: ignore[misc]
    """Assignments are released by the course."""


class Collect(_InThePortal, abc.ExchangeCollect):  # type: ignore[misc]
    """What is handed in lies in the cohort's course folder already."""


class ReleaseFeedback(_InThePortal, abc.ExchangeReleaseFeedback):  # type: ignore[misc]
    """Feedback is given back on the page of the assignment."""
