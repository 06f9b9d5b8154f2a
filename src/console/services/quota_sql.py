"""What is said to the database about quotas: texts only, for the services and for the plain driver alike."""

from __future__ import annotations

# The workspace's plan, and every limit that it or the workspace itself sets.
LIMITS = """
    SELECT w.slug, w.plan, w.billing_anchor, l.metric, l.period, l.soft, l.hard, l.own FROM workspaces w
    LEFT JOIN LATERAL (
        SELECT metric, period, soft, hard, false AS own FROM plan_limits WHERE plan_id = w.plan
        UNION ALL
        SELECT metric, period, soft, hard, true FROM workspace_limits WHERE workspace_id = :ws) l ON true
    WHERE w.id = :ws
"""
# What the events say of a quota `q`.
COUNTED = """
    (SELECT coalesce(sum(CASE WHEN q.metric = 'tokens' THEN e.tokens_in + e.tokens_out
                              WHEN e.metric = q.metric THEN e.quantity END), 0)
     FROM usage_events e
     WHERE e.workspace_id = :ws AND e.occurred_at >= q.window_start AND e.occurred_at < q.window_end)
"""
_ASKED = """
    unnest(cast(:metrics AS text[]), cast(:periods AS text[]), cast(:starts AS timestamptz[]),
           cast(:ends AS timestamptz[])) AS q (metric, period, window_start, window_end)
    LEFT JOIN usage_counters u ON u.workspace_id = :ws AND u.metric = q.metric AND u.period = q.period
        AND u.window_start = q.window_start
"""
# A window in which nothing was counted yet has no counter.
METERS = f"""
    SELECT q.metric, q.period, coalesce(u.used, {COUNTED}) AS used, coalesce(u.reserved, 0) AS reserved FROM {_ASKED}
"""  # noqa: S608 - constants
DRIFT = f"""
    SELECT q.metric, q.period, u.used, u.reserved, {COUNTED} AS events,
        (SELECT coalesce(sum(r.n), 0) FROM usage_reservations r
         WHERE r.workspace_id = :ws AND r.metric = q.metric AND r.period = q.period
             AND r.window_start = q.window_start AND r.state = 'held') AS held
    FROM {_ASKED}
"""  # noqa: S608 - constants

FENCE = """
    SELECT attempt FROM runs WHERE workspace_id = :ws AND id = :run AND state = 'running' AND lease_token = :token
    FOR NO KEY UPDATE
"""
_QUOTA = f"""
    (SELECT cast(:metric AS text) AS metric, cast(:period AS text) AS period,
        cast(:start AS timestamptz) AS window_start, cast(:end AS timestamptz) AS window_end) q,
    LATERAL (SELECT CASE WHEN EXISTS (
        SELECT FROM usage_counters u WHERE u.workspace_id = :ws AND u.metric = q.metric AND u.period = q.period
            AND u.window_start = q.window_start) THEN 0 ELSE {COUNTED} END AS used) begun
"""  # noqa: S608 - constants
# The law of quotas: of any number of racers at the last one, exactly one finds room. A counter begins with what the
# events say, so that one made in mid-window is right.
RESERVE = f"""
    WITH counted AS (
        INSERT INTO usage_counters AS u (workspace_id, metric, period, window_start, window_end, used, reserved,
                                         updated_at)
        SELECT :ws, q.metric, q.period, q.window_start, q.window_end, begun.used, :n, :now FROM {_QUOTA}
        WHERE begun.used + :n <= :hard
        ON CONFLICT (workspace_id, metric, period, window_start)
        DO UPDATE SET reserved = u.reserved + excluded.reserved, updated_at = excluded.updated_at
        WHERE u.used + u.reserved + excluded.reserved <= :hard
        RETURNING u.metric, u.period, u.window_start)
    INSERT INTO usage_reservations (workspace_id, run_id, metric, period, window_start, n, expires_at)
    SELECT :ws, :run, metric, period, window_start, :n, now() + make_interval(secs => :seconds) FROM counted
    ON CONFLICT (workspace_id, run_id, metric, period)
    DO UPDATE SET window_start = excluded.window_start, n = excluded.n, state = 'held', expires_at = excluded.expires_at
    RETURNING 1
"""  # noqa: S608 - constants
# What was used without a reservation is counted even above the limit: it has happened. Its event is there already.
SPEND = f"""
    INSERT INTO usage_counters AS u (workspace_id, metric, period, window_start, window_end, used, updated_at)
    SELECT :ws, q.metric, q.period, q.window_start, q.window_end, begun.used, :now FROM {_QUOTA}
    ON CONFLICT (workspace_id, metric, period, window_start)
    DO UPDATE SET used = u.used + :n, updated_at = excluded.updated_at
    RETURNING used, warned_at
"""  # noqa: S608 - constants
SETTLE = "SELECT settle_run(:ws, :run, :answers, :tokens, :now)"
# Settling and releasing lock reservations first, then counters by name.
RELEASE = """
    WITH lapsed AS (
        SELECT run_id, metric, period, window_start, n FROM usage_reservations
        WHERE workspace_id = :ws AND state = 'held' AND {which}),
    given_back AS (
        UPDATE usage_reservations r SET state = 'refunded', n = 0 FROM lapsed l
        WHERE r.workspace_id = :ws AND r.run_id = l.run_id AND r.metric = l.metric AND r.period = l.period),
    found AS (
        SELECT u.metric, u.period, u.window_start, s.n FROM usage_counters u
        JOIN (SELECT metric, period, window_start, sum(n) AS n FROM lapsed GROUP BY 1, 2, 3) s
            ON s.metric = u.metric AND s.period = u.period AND s.window_start = u.window_start
        WHERE u.workspace_id = :ws ORDER BY u.metric, u.period, u.window_start FOR NO KEY UPDATE OF u),
    moved AS (
        UPDATE usage_counters u SET reserved = u.reserved - f.n, updated_at = :now FROM found f
        WHERE u.workspace_id = :ws AND u.metric = f.metric AND u.period = f.period AND u.window_start = f.window_start)
    SELECT count(*) FROM lapsed
"""
RELEASE_RUN = RELEASE.format(which="run_id = :run FOR UPDATE")
RELEASE_LAPSED = RELEASE.format(which="expires_at <= now() ORDER BY run_id, metric, period FOR UPDATE SKIP LOCKED")
# Once in a window, whoever gets there first. A limit that refuses from the first has no counter yet.
WARN = f"""
    INSERT INTO usage_counters AS u (workspace_id, metric, period, window_start, window_end, used, warned_at,
                                     updated_at)
    SELECT :ws, q.metric, q.period, q.window_start, q.window_end, begun.used, :now, :now FROM {_QUOTA}
    ON CONFLICT (workspace_id, metric, period, window_start)
    DO UPDATE SET warned_at = excluded.warned_at WHERE u.warned_at IS NULL
    RETURNING u.used
"""  # noqa: S608 - constants
