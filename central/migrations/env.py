"""How Alembic reaches the database: by the connection that central/migration.py hands it, inside its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
