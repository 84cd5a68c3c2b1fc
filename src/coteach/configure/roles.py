"""Who may ask the Hub for what: the least that works, the reason beside each scope.

People are not named here: whether somebody is a trainer of a cohort is the store's to say, and the
Hub never learns it.
"""

from __future__ import annotations

from typing import Any

from coteach.settings import Settings, secrets_of

PORTAL_CLIENT = "service-portal"
CALLBACK = "/oauth_callback"
"""A path without a host: it is right under every name that people reach this deployment by."""


def update_roles(c: Any, settings: Settings) -> None:
    """Register the services and give each its scopes."""
    secrets = secrets_of(settings)
    c.JupyterHub.services = [
        {
            "name": "portal",
            "api_token": secrets.text("service-portal"),
            "oauth_client_id": PORTAL_CLIENT,
            "oauth_redirect_uri": CALLBACK,
            # It is the front door; "may the portal know who you are?" would only puzzle people.
            "oauth_no_confirm": True,
            # What the portal may do in a signed-in person's name, on her own server only:
            "oauth_client_allowed_scopes": [
                "read:users:name!user",  # know who she is
                "read:servers!user",     # say whether her Lab runs, starts or sleeps
            ],
            "display": False,
        },
        {"name": "classroom", "api_token": secrets.text("service-classroom"), "display": False},
        {"name": "live", "api_token": secrets.text("service-live"), "display": False},
        {"name": "culler", "api_token": secrets.text("service-culler"), "display": False},
        {"name": "supervisor", "api_token": secrets.text("service-supervisor"), "display": False},
    ]
    # The tokens are 256 random bits, so they need no slow hash at every request.
    c.JupyterHub.trust_user_provided_tokens = True

    c.JupyterHub.load_roles = [
        {
            "name": "user",
            "description": "Everybody with an account.",
            "scopes": [
                "self",                            # her own Lab and tokens
                "access:services!service=portal",  # the front door
            ],
        },
        {
            "name": "culler",
            "description": "Stops Labs that nobody uses.",
            "scopes": [
                "list:users",           # whose Labs there are
                "read:users:activity",  # when somebody was last there
                "read:servers",         # which Labs run and since when
                "delete:servers",       # stop them
            ],
            "services": ["culler"],
        },
        {
            "name": "supervisor",
            "description": "Has a proxy that came back filled again.",
            "scopes": [
                "proxy",  # ask the Hub to put its routes back at once
            ],
            "services": ["supervisor"],
        },
        # portal, classroom and live have no role: they only ask who the bearer of a person's own
        # token is, and for that the person's token is enough.
    ]
