"""Alembic's entry: runs the migrations of reports.db on the connection that the program already holds."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
