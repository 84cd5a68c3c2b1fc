# JupyterHub's configuration, in straight lines. What each line sets, with the reasons, is in
# coteach.configure; who may do what, scope by scope, is in coteach/configure/roles.py.
from coteach.configure import (
    load_settings,
    prepare_labs,
    update_accounts,
    update_hub,
    update_labs,
    update_pages,
    update_proxy,
    update_roles,
)

c = get_config()  # noqa: F821
settings = load_settings()

update_hub(c, settings)
update_proxy(c, settings)
update_accounts(c, settings)
update_roles(c, settings)
update_labs(c, settings)
prepare_labs(settings)
update_pages(c, settings)
