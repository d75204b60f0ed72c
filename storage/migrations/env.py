"""Alembic's entry: migrates the connection that `storage.open_store` hands over."""

from alembic import context

from storage.models import Base
from storage.search import is_ours

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    include_name=lambda name, *_: is_ours(name),
)
with context.begin_transaction():
    context.run_migrations()
