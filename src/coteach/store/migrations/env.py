"""Alembic's entry: the connection comes from `Database.migrate`."""

from alembic import context

from coteach.store.schema import Base, UTCDateTime


def render(kind, item, _autogen):  # type: ignore[no-untyped-def]
    """Write our time type as the plain one, so that migrations do not import the schema."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
