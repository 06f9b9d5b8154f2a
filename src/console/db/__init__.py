"""Postgres: the unit of work, the tenant scope, the models, migrations, live notifications."""
