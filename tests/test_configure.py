"""JupyterHub's configuration, set on a bare Config."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from traitlets.config import Config

from coteach import configure, paths
from coteach.settings import load


@pytest.fixture
def settings(tmp_path):
    made = load(tmp_path, environ={}, hub_port=21001, proxy_api_port=21002, portal_port=21003,
                classroom_port=21004, live_port=21005)
    made.layout.create()
    return made


def configured(settings) -> Config:
    c = Config()
    for name in configure.__all__:
        if name.startswith("update_"):
            getattr(configure, name)(c, settings)
    return c


def test_the_proxy_is_not_the_hubs_to_start_and_keeps_every_fixed_route(settings):
    c = configured(settings)
    assert c.ConfigurableHTTPProxy.should_start is False
    assert c.JupyterHub.hub_routespec == "/hub/"
    assert c.Proxy.extra_routes == {
        "/": "http://127.0.0.1:21003", "/c/": "http://127.0.0.1:21004",
        "/live/": "http://127.0.0.1:21005", "/user/": "http://127.0.0.1:21001"}


def test_a_hub_that_stops_leaves_labs_running(settings):
    c = configured(settings)
    assert c.JupyterHub.cleanup_servers is False
    assert c.Spawner.consecutive_failure_limit == 0


def test_sign_up_is_closed_whatever_the_authenticator_would_offer(settings):
    c = configured(settings)
    assert c.NativeAuthenticator.enable_signup is False
    assert c.NativeAuthenticator.open_signup is False
    assert c.Authenticator.admin_users == set()


def test_no_service_may_do_what_an_administrator_may(settings):
    c = configured(settings)
    scopes = {scope for role in c.JupyterHub.load_roles for scope in role["scopes"]}
    assert not {s for s in scopes if s.startswith("admin") or s in ("users", "servers", "tokens")}
    portal = next(s for s in c.JupyterHub.services if s["name"] == "portal")
    assert all(s.endswith("!user") for s in portal["oauth_client_allowed_scopes"])


def test_secrets_come_from_the_deployment_and_stay_the_same(settings):
    first, second = configured(settings), configured(settings)
    assert first.JupyterHub.cookie_secret == second.JupyterHub.cookie_secret
    assert len({s["api_token"] for s in first.JupyterHub.services}) == len(first.JupyterHub.services)


def test_the_configuration_file_is_straight_lines():
    tree = ast.parse((paths.shared("hub_config") / "jupyterhub_config.py").read_text())
    allowed = (ast.ImportFrom, ast.Assign, ast.Expr)
    assert all(isinstance(node, allowed) for node in tree.body)


def test_every_template_names_a_page_that_jupyterhub_or_we_render():
    import sys
    from pathlib import Path as P

    stock = {p.name for p in (P(sys.prefix) / "share/jupyterhub/templates").glob("*.html")}
    own = {p.name for p in Path(paths.shared("hub_config") / "templates").glob("*.html")}
    ours = {"coteach.html", "signup.html", "signup-refused.html", "change-password.html"}
    assert own - ours <= stock


def test_the_hubs_database_waits_for_the_disk_at_no_commit(settings):
    from jupyterhub import orm

    c = configured(settings)
    session = orm.new_session_factory(c.JupyterHub.db_url, **c.JupyterHub.db_kwargs)()
    with session.get_bind().connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    session.add(orm.User(name="amina"))
    session.commit()
    assert session.query(orm.User).count() == 1
    session.get_bind().dispose()
