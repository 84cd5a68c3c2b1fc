"""nbgrader's exchange over the portal's API: no shared disk, and who one is, the Hub's token says.

Rule: nothing here decides anything about people, courses or time; the portal does. nbgrader loads
these classes by `c.ExchangeFactory`, which every Lab's configuration sets.
"""

from __future__ import annotations

from coteach.exchange.base import Exchange
from coteach.exchange.learner import Fetch, FetchFeedback, Submit
from coteach.exchange.listing import List
from coteach.exchange.trainer import Collect, Release, ReleaseFeedback

__all__ = ["Collect", "Exchange", "Fetch", "FetchFeedback", "List", "Release", "ReleaseFeedback",
           "Submit"]
