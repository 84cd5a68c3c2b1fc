"""Starting the parts of a deployment, keeping them alive, stopping them."""

from __future__ import annotations

from coteach.supervisor.run import Supervisor
from coteach.supervisor.service import Service, State

__all__ = ["Service", "State", "Supervisor"]
