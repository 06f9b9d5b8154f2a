-- The few look-ups that cross the tenant wall or must be known before there is a tenant. Each is owned by
-- a role that never logs in, has a fixed search_path, and is closed to PUBLIC.
SET LOCAL ROLE console_owner;
GRANT CREATE ON SCHEMA public TO console_auth, console_search;

SET LOCAL ROLE console_search;

-- Full text over the tenant's visible chunks by any of the question's lexemes; rare ones weigh more.
-- The tenant comes from the transaction's setting, never from an argument.
CREATE FUNCTION search_chunks(question text, k integer, only_sources uuid[])
RETURNS TABLE (chunk_id uuid, score double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH lexemes AS MATERIALIZED (
        SELECT lexeme, ('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''')::tsquery AS query
        FROM unnest(tsvector_to_array(to_tsvector('pg_catalog.english', question))) AS lexeme
    ), hits AS MATERIALIZED (
        SELECT c.id, l.lexeme, ts_rank('{0.1, 0.1, 0.1, 1}', c.tsv, l.query, 1) AS rank
        FROM lexemes l
        JOIN chunks c ON c.tsv @@ l.query
        JOIN documents d ON d.workspace_id = c.workspace_id AND d.id = c.document_id AND d.generation = c.generation
        WHERE c.workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid
          AND (only_sources IS NULL OR c.source_id = ANY (only_sources))
    ), weights AS MATERIALIZED (
        SELECT l.lexeme, ln(1 + (total - count(h.id) + 0.5) / (count(h.id) + 0.5)) AS idf
        FROM lexemes l LEFT JOIN hits h USING (lexeme), (SELECT count(DISTINCT id) AS total FROM hits) all_hits
        GROUP BY l.lexeme, total
    )
    SELECT id, sum(rank * idf) / (SELECT sum(idf) FROM weights) AS score
    FROM hits JOIN weights USING (lexeme)
    GROUP BY id
    ORDER BY score DESC, id
    LIMIT k
$$;

SET LOCAL ROLE console_auth;

CREATE FUNCTION auth_login(given_email text)
RETURNS TABLE (user_id uuid, name text, email text, password_hash text, disabled boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT id, u.name, u.email, u.password_hash, disabled_at IS NOT NULL FROM users u WHERE lower(u.email) = lower(given_email)
$$;

-- Makes the person unless the e-mail is known; the known one keeps its name and password.
CREATE FUNCTION auth_create_user(new_id uuid, given_email text, given_name text, hash text)
RETURNS TABLE (user_id uuid, created boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH made AS (
        INSERT INTO users (id, email, name, password_hash) VALUES (new_id, given_email, given_name, hash)
        ON CONFLICT (lower(email)) DO NOTHING RETURNING id
    )
    SELECT id, true FROM made
    UNION ALL
    SELECT id, false FROM users WHERE lower(email) = lower(given_email) AND NOT EXISTS (SELECT FROM made)
$$;

CREATE FUNCTION auth_any_user() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM users) $$;

CREATE FUNCTION auth_open_session(hash bytea, for_user uuid, workspace uuid, until timestamptz)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    INSERT INTO sessions (token_hash, user_id, active_workspace_id, expires_at) VALUES (hash, for_user, workspace, until)
$$;

CREATE FUNCTION auth_session(hash bytea)
RETURNS TABLE (user_id uuid, name text, email text, active_workspace_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE sessions s SET last_seen_at = now() FROM users u
    WHERE s.token_hash = hash AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at > now() - interval '12 hours' AND u.id = s.user_id AND u.disabled_at IS NULL
    RETURNING u.id, u.name, u.email, s.active_workspace_id
$$;

-- Whether a session is still open: asked again in each of its transactions.
CREATE FUNCTION auth_session_open(hash bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.token_hash = hash AND s.revoked_at IS NULL AND s.expires_at > now() AND u.disabled_at IS NULL)
$$;

CREATE FUNCTION auth_close_session(hash bytea) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ UPDATE sessions SET revoked_at = now() WHERE token_hash = hash AND revoked_at IS NULL $$;

CREATE FUNCTION auth_switch_workspace(hash bytea, workspace uuid) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE sessions s SET active_workspace_id = workspace WHERE token_hash = hash AND revoked_at IS NULL
      AND EXISTS (SELECT FROM workspace_users m
                  WHERE m.workspace_id = workspace AND m.user_id = s.user_id AND m.left_at IS NULL)
$$;

-- Memberships of the session's own person, and of nobody else.
CREATE FUNCTION auth_memberships(hash bytea)
RETURNS TABLE (workspace_id uuid, slug text, name text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT w.id, w.slug, w.name, m.role
    FROM sessions s
    JOIN workspace_users m ON m.user_id = s.user_id AND m.left_at IS NULL
    JOIN workspaces w ON w.id = m.workspace_id AND w.active
    WHERE s.token_hash = hash AND s.revoked_at IS NULL AND s.expires_at > now()
    ORDER BY m.joined_at, w.slug
$$;

CREATE FUNCTION auth_slug_taken(given text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM workspaces WHERE slug = given) $$;

-- Workspaces that a sweep has to visit, each then under its own tenant.
CREATE FUNCTION workspaces_with_work() RETURNS TABLE (workspace_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT r.workspace_id FROM runs r WHERE r.state IN ('queued', 'running')
    UNION
    SELECT c.workspace_id FROM conversations c WHERE c.lease_expires_at < now()
    UNION
    SELECT c.workspace_id FROM conversations c WHERE c.status = 'snoozed' AND c.snoozed_until <= now()
    UNION
    SELECT h.workspace_id FROM held_sends h WHERE h.due_at <= now()
    UNION
    SELECT k.workspace_id FROM crawl_runs k WHERE k.state IN ('queued', 'running')
$$;

REVOKE ALL ON FUNCTION auth_login(text), auth_create_user(uuid, text, text, text), auth_any_user(),
    auth_open_session(bytea, uuid, uuid, timestamptz), auth_session(bytea), auth_session_open(bytea), auth_close_session(bytea),
    auth_switch_workspace(bytea, uuid), auth_memberships(bytea), auth_slug_taken(text), workspaces_with_work() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth_login(text), auth_create_user(uuid, text, text, text), auth_any_user(),
    auth_open_session(bytea, uuid, uuid, timestamptz), auth_session(bytea), auth_session_open(bytea), auth_close_session(bytea),
    auth_switch_workspace(bytea, uuid), auth_memberships(bytea), auth_slug_taken(text), workspaces_with_work() TO console_app;

SET LOCAL ROLE console_search;
REVOKE ALL ON FUNCTION search_chunks(text, integer, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_chunks(text, integer, uuid[]) TO console_app;

SET LOCAL ROLE console_owner;
REVOKE CREATE ON SCHEMA public FROM console_auth, console_search;
