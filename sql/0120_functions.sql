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

-- What a sign-in is checked against; `at` is the server's clock, in seconds.
CREATE FUNCTION auth_login(given_email text)
RETURNS TABLE (user_id uuid, name text, email text, password_hash text, disabled boolean, totp_sealed bytea, at double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT id, u.name, u.email, u.password_hash, disabled_at IS NOT NULL, totp_secret_sealed,
        extract(epoch FROM now())::double precision
    FROM users u WHERE lower(u.email) = lower(given_email)
$$;

-- The same of a person known already.
CREATE FUNCTION auth_account(for_user uuid)
RETURNS TABLE (user_id uuid, name text, email text, password_hash text, disabled boolean, totp_sealed bytea, at double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT found.* FROM users u, auth_login(u.email) AS found WHERE u.id = for_user $$;

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

-- Opens a session, unless the password or the secret is no longer the one that was checked.
CREATE FUNCTION auth_open_session(hash bytea, for_user uuid, until timestamptz, seen_from text, checked_password text,
    checked_totp bytea) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    INSERT INTO sessions (token_hash, user_id, user_agent, expires_at)
    SELECT hash, u.id, seen_from, until FROM users u
    WHERE u.id = for_user AND u.password_hash = checked_password AND u.disabled_at IS NULL
      AND u.totp_secret_sealed IS NOT DISTINCT FROM checked_totp
    FOR SHARE
    RETURNING true
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

-- For how many seconds an open session was not seen; none when it is over. Asked in each of its transactions.
CREATE FUNCTION auth_session_idle(hash bytea) RETURNS double precision
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT extract(epoch FROM now() - s.last_seen_at)::double precision
    FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.token_hash = hash AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at > now() - interval '12 hours' AND u.disabled_at IS NULL
$$;

CREATE FUNCTION auth_touch_session(hash bytea) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE sessions SET last_seen_at = now()
    WHERE token_hash = hash AND revoked_at IS NULL AND last_seen_at BETWEEN now() - interval '12 hours' AND now() - interval '1 minute'
$$;

-- Open sessions of a person, newest first.
CREATE FUNCTION auth_sessions(for_user uuid)
RETURNS TABLE (token_hash bytea, seen_from text, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT s.token_hash, s.user_agent, s.created_at, s.last_seen_at, s.expires_at FROM sessions s
    WHERE s.user_id = for_user AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at > now() - interval '12 hours'
    ORDER BY s.created_at DESC, s.token_hash
$$;

-- Ends a person's sessions: those named, else all; `kept` stays open. Returns how many were open.
CREATE FUNCTION auth_end_sessions(for_user uuid, kept bytea, named bytea[]) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH ended AS (
        UPDATE sessions s SET revoked_at = now()
        WHERE s.user_id = for_user AND s.revoked_at IS NULL AND s.token_hash IS DISTINCT FROM kept
          AND (named IS NULL OR s.token_hash = ANY (named))
        RETURNING s.expires_at > now() AND s.last_seen_at > now() - interval '12 hours' AS open
    )
    SELECT count(*) FILTER (WHERE open) FROM ended
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

-- The row of failures that belongs to an e-mail or an address, the same whether it is known or not.
CREATE FUNCTION auth_attempts_key(kind text, given text) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT sha256(value || sha256(value || convert_to(kind || ' ' || lower(given), 'UTF8')))
    FROM auth_secrets WHERE name = 'login_attempts'
$$;

-- Whether tries must wait; holds the rows, so that tries at once are counted one after the other.
CREATE FUNCTION auth_locked(given_email text, given_address text) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(bool_or(held.locked_until > clock_timestamp()), false) FROM (
        SELECT locked_until FROM login_attempts
        WHERE key IN (auth_attempts_key('email', given_email), auth_attempts_key('address', given_address))
        ORDER BY key FOR UPDATE) AS held
$$;

-- Counts a failure. From the `most`th on tries must wait 1, 2, 4, 8, then 15 minutes; a try while they must is not
-- counted, and 15 minutes without failure or wait begin again.
CREATE FUNCTION auth_count_failure(given bytea, most integer) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    INSERT INTO login_attempts AS a (key, failures, failed_at) VALUES (given, 1, clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET failed_at = excluded.failed_at, (failures, locked_until) = (
        SELECT n, CASE WHEN n >= most THEN excluded.failed_at + least(1 << least(n - most, 4), 15) * interval '1 minute' END
        FROM (SELECT CASE WHEN greatest(a.failed_at, a.locked_until) <= excluded.failed_at - interval '15 minutes' THEN 1
                     ELSE a.failures + 1 END AS n) AS counted)
    WHERE a.locked_until IS NULL OR a.locked_until <= excluded.failed_at
$$;

-- Both in the order of their keys, as `auth_locked` holds them; a few of the oldest rows go with it.
CREATE FUNCTION auth_failed(given_email text, given_address text, most_email integer, most_address integer) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT auth_count_failure(key, most) FROM (
        SELECT key, most FROM (VALUES (auth_attempts_key('email', given_email), most_email),
                                      (auth_attempts_key('address', given_address), most_address)) AS v (key, most)
        WHERE key IS NOT NULL ORDER BY key) AS both_of_them;
    DELETE FROM login_attempts WHERE key IN (
        SELECT key FROM login_attempts WHERE failed_at < now() - interval '1 day'
        ORDER BY failed_at LIMIT 10 FOR UPDATE SKIP LOCKED);
$$;

CREATE FUNCTION auth_forgive(given_email text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ DELETE FROM login_attempts WHERE key = auth_attempts_key('email', given_email) $$;

-- A code of this step counts once, and none of an earlier step after it.
CREATE FUNCTION auth_use_totp(for_user uuid, step bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE users SET totp_last_step = step
    WHERE id = for_user AND totp_secret_sealed IS NOT NULL AND totp_last_step < step RETURNING true
$$;

CREATE FUNCTION auth_use_recovery_code(for_user uuid, hash bytea) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE recovery_codes SET used_at = now() WHERE user_id = for_user AND code_hash = hash AND used_at IS NULL RETURNING true
$$;

CREATE FUNCTION auth_second_factor(for_user uuid)
RETURNS TABLE (active boolean, offered_sealed bytea, codes_left bigint, at double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT u.totp_secret_sealed IS NOT NULL, u.totp_offered_sealed,
        (SELECT count(*) FROM recovery_codes r WHERE r.user_id = u.id AND r.used_at IS NULL),
        extract(epoch FROM now())::double precision
    FROM users u WHERE u.id = for_user
$$;

CREATE FUNCTION auth_offer_totp(for_user uuid, sealed bytea) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ UPDATE users SET totp_offered_sealed = sealed, updated_at = now() WHERE id = for_user $$;

-- The offered secret becomes the one in use, once, and the code that showed it is used up.
CREATE FUNCTION auth_accept_totp(for_user uuid, offered bytea, step bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE users SET totp_secret_sealed = offered, totp_offered_sealed = NULL, totp_last_step = step, updated_at = now()
    WHERE id = for_user AND totp_offered_sealed = offered RETURNING true
$$;

CREATE FUNCTION auth_drop_totp(for_user uuid) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE users SET totp_secret_sealed = NULL, totp_offered_sealed = NULL, totp_last_step = 0, updated_at = now()
    WHERE id = for_user
$$;

CREATE FUNCTION auth_renew_recovery_codes(for_user uuid, hashes bytea[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    DELETE FROM recovery_codes WHERE user_id = for_user;
    INSERT INTO recovery_codes (user_id, code_hash) SELECT for_user, unnest(hashes);
$$;

-- Changes the password, unless it is no longer the one that was checked.
CREATE FUNCTION auth_set_password(for_user uuid, checked text, hash text) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE users SET password_hash = hash, updated_at = now() WHERE id = for_user AND password_hash = checked RETURNING true
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
    SELECT f.workspace_id FROM feedback f WHERE f.rating = 'down' AND f.handled_at IS NULL
    UNION
    SELECT u.workspace_id FROM usage_reservations u WHERE u.state = 'held' AND u.expires_at <= now()
    UNION
    SELECT k.workspace_id FROM crawl_runs k WHERE k.state IN ('queued', 'running')
$$;

-- Workspaces whose usage has moved since it was last rolled up; a minute of grace for clocks that differ.
CREATE FUNCTION workspaces_with_usage() RETURNS TABLE (workspace_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT DISTINCT c.workspace_id FROM usage_counters c
    LEFT JOIN usage_watermarks w ON w.workspace_id = c.workspace_id AND w.grain = 'day'
    WHERE w.until IS NULL OR c.updated_at > w.until - interval '1 minute'
$$;

-- For whoever runs the server: to put a workspace on a plan, it has to be found by its slug.
CREATE FUNCTION workspace_named(given text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT id FROM workspaces WHERE slug = given $$;

CREATE FUNCTION workspaces_by_plan() RETURNS TABLE (plan text, workspaces bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT plan, count(*) FROM workspaces GROUP BY plan $$;

REVOKE ALL ON FUNCTION workspaces_with_usage(), workspace_named(text), workspaces_by_plan() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION workspaces_with_usage() TO console_app;
GRANT EXECUTE ON FUNCTION workspace_named(text), workspaces_by_plan() TO console_owner;

-- Whether pages of an origin may talk with the agent of a conversation: a browser asks (a preflight) without the token
-- that would name the tenant. An unknown conversation is like one whose agent lists nothing.
CREATE FUNCTION conversation_lists_origin(conversation uuid, given text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM agent_origins o
        JOIN conversations c ON c.workspace_id = o.workspace_id AND c.id = conversation AND c.agent_id = o.agent_id
        WHERE o.origin = given)
$$;

REVOKE ALL ON FUNCTION conversation_lists_origin(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION conversation_lists_origin(uuid, text) TO console_gateway;

-- Whether the last address that a visitor left in a conversation of the transaction's workspace came with these words:
-- the gateway reads no events.
CREATE FUNCTION left_address_told(conversation uuid, given jsonb) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT given = (
        SELECT e.detail FROM conversation_events e
        WHERE e.workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid
            AND e.conversation_id = conversation AND e.kind = 'left_address'
        ORDER BY e.id DESC LIMIT 1)
$$;

REVOKE ALL ON FUNCTION left_address_told(uuid, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION left_address_told(uuid, jsonb) TO console_gateway;

-- Workspaces where replies are held back, and the seconds until the first one of each is due.
CREATE FUNCTION workspaces_holding_sends() RETURNS TABLE (workspace_id uuid, due_in double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT h.workspace_id, extract(epoch FROM min(h.due_at) - now())::double precision
    FROM held_sends h GROUP BY h.workspace_id
$$;

REVOKE ALL ON FUNCTION auth_attempts_key(text, text), auth_count_failure(bytea, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION auth_login(text), auth_account(uuid), auth_create_user(uuid, text, text, text), auth_any_user(),
    auth_open_session(bytea, uuid, timestamptz, text, text, bytea), auth_session(bytea), auth_session_idle(bytea),
    auth_touch_session(bytea), auth_sessions(uuid), auth_end_sessions(uuid, bytea, bytea[]), auth_close_session(bytea),
    auth_locked(text, text), auth_failed(text, text, integer, integer), auth_forgive(text), auth_use_totp(uuid, bigint),
    auth_use_recovery_code(uuid, bytea), auth_second_factor(uuid), auth_offer_totp(uuid, bytea),
    auth_accept_totp(uuid, bytea, bigint), auth_drop_totp(uuid), auth_renew_recovery_codes(uuid, bytea[]),
    auth_set_password(uuid, text, text),
    auth_switch_workspace(bytea, uuid), auth_memberships(bytea), auth_slug_taken(text), workspaces_with_work(),
    workspaces_holding_sends() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth_login(text), auth_account(uuid), auth_create_user(uuid, text, text, text), auth_any_user(),
    auth_open_session(bytea, uuid, timestamptz, text, text, bytea), auth_session(bytea), auth_session_idle(bytea),
    auth_touch_session(bytea), auth_sessions(uuid), auth_end_sessions(uuid, bytea, bytea[]), auth_close_session(bytea),
    auth_locked(text, text), auth_failed(text, text, integer, integer), auth_forgive(text), auth_use_totp(uuid, bigint),
    auth_use_recovery_code(uuid, bytea), auth_second_factor(uuid), auth_offer_totp(uuid, bytea),
    auth_accept_totp(uuid, bytea, bigint), auth_drop_totp(uuid), auth_renew_recovery_codes(uuid, bytea[]),
    auth_set_password(uuid, text, text),
    auth_switch_workspace(bytea, uuid), auth_memberships(bytea), auth_slug_taken(text), workspaces_with_work(),
    workspaces_holding_sends() TO console_app;

SET LOCAL ROLE console_search;
REVOKE ALL ON FUNCTION search_chunks(text, integer, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_chunks(text, integer, uuid[]) TO console_app;

SET LOCAL ROLE console_owner;
REVOKE CREATE ON SCHEMA public FROM console_auth, console_search;
