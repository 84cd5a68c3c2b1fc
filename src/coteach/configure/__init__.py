"""JupyterHub's configuration as pure functions.

Rule: `update_x(c, settings)` sets values on `c` and never reads, appends to or mutates what is
there; so each can be tested with a bare `traitlets.config.Config()`.
"""

from __future__ import annotations

from coteach.configure.accounts import update_accounts
from coteach.configure.hub import update_hub
from coteach.configure.labs import prepare_labs, update_labs
from coteach.configure.pages import update_pages
from coteach.configure.proxy import update_proxy
from coteach.configure.roles import update_roles
from coteach.settings import load as load_settings

__all__ = ["load_settings", "prepare_labs", "update_accounts", "update_hub", "update_labs",
           "update_pages", "update_proxy", "update_roles"]
