-- Group roles. Logins are made members of them by whoever runs the server; nothing logs in as these.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['console_owner', 'console_app', 'console_gateway',
                                'console_search', 'console_auth', 'console_eraser'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', name);
        END IF;
        -- The migrator may become each of these; from version 16 on that is an option of its own.
        EXECUTE format('GRANT %I TO CURRENT_USER %s', name, CASE
            WHEN current_setting('server_version_num')::integer >= 160000 THEN 'WITH SET TRUE, INHERIT FALSE' ELSE '' END);
    END LOOP;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO console_owner', current_database());
END $$;

CREATE EXTENSION IF NOT EXISTS vector;

GRANT USAGE ON SCHEMA public TO console_owner, console_app, console_gateway, console_search, console_auth, console_eraser;
GRANT CREATE ON SCHEMA public TO console_owner WITH GRANT OPTION;
GRANT SELECT ON schema_migrations TO console_app, console_gateway;
