"""The Postgres server that travels with the program."""
