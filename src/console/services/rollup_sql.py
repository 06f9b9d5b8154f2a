"""How events are summed up, once for what is kept and once for what is too new to be kept yet."""

from __future__ import annotations

from console.domain.usage import LATENCY_MS

_BETWEEN = zip((0, *LATENCY_MS), (*LATENCY_MS, None), strict=True)
_HISTOGRAM = ", ".join(
    f"count(*) FILTER (WHERE e.duration_ms >= {low}" + (f" AND e.duration_ms < {high})" if high else ")")
    for low, high in _BETWEEN
)
# Sums and counts, never averages: they can be added up.
SUMS = f"""
    coalesce(e.agent_id, '00000000-0000-0000-0000-000000000000') AS agent_id, e.model, e.domain, e.metric,
    count(*) AS events, sum(e.quantity) AS quantity, sum(e.tokens_in) AS tokens_in,
    sum(e.tokens_out) AS tokens_out, sum(e.cost_usd) AS cost_usd,
    coalesce(sum(e.duration_ms), 0) AS duration_ms, count(e.duration_ms) AS timed,
    jsonb_build_array({_HISTOGRAM}) AS latency
"""
WATERMARK = """
    INSERT INTO usage_watermarks AS w (workspace_id, grain, until) VALUES (:ws, :grain, :beginning)
    ON CONFLICT (workspace_id, grain) DO UPDATE SET until = w.until RETURNING until
"""
# By id, which tells when an event was written: one that is dated back is found all the same.
TOUCHED = """
    SELECT DISTINCT date_trunc(:grain, occurred_at) AS bucket FROM usage_events
    WHERE workspace_id = :ws AND id >= :since
"""
FORGET = """
    DELETE FROM usage_rollups WHERE workspace_id = :ws AND grain = :grain
        AND bucket = ANY (cast(:buckets AS timestamptz[]))
"""
MAKE = f"""
    INSERT INTO usage_rollups (workspace_id, grain, bucket, agent_id, model, domain, metric, events, quantity,
                               tokens_in, tokens_out, cost_usd, duration_ms, timed, latency)
    SELECT :ws, :grain, b.bucket, {SUMS}
    FROM unnest(cast(:buckets AS timestamptz[])) AS b (bucket)
    JOIN usage_events e ON e.workspace_id = :ws AND e.occurred_at >= b.bucket
        AND e.occurred_at < b.bucket + make_interval(secs => :seconds)
    GROUP BY b.bucket, 4, e.model, e.domain, e.metric
"""  # noqa: S608 - constants
ADVANCE = "UPDATE usage_watermarks SET until = :until WHERE workspace_id = :ws AND grain = :grain"
# What is rolled up, and from the bucket of the watermark on the events themselves.
CUBE = f"""
    WITH mark AS (
        SELECT coalesce((SELECT date_trunc(:grain, until) FROM usage_watermarks
                         WHERE workspace_id = :ws AND grain = :grain), cast(:start AS timestamptz)) AS at)
    SELECT r.bucket, r.agent_id, r.model, r.metric, r.quantity, r.tokens_in, r.tokens_out, r.cost_usd, r.duration_ms,
        r.timed, r.latency
    FROM usage_rollups r, mark
    WHERE r.workspace_id = :ws AND r.grain = :grain AND r.bucket >= :start AND r.bucket < :end AND r.bucket < mark.at
    UNION ALL
    SELECT n.bucket, n.agent_id, n.model, n.metric, n.quantity, n.tokens_in, n.tokens_out, n.cost_usd, n.duration_ms,
        n.timed, n.latency
    FROM (SELECT date_trunc(:grain, e.occurred_at) AS bucket, {SUMS} FROM usage_events e, mark
          WHERE e.workspace_id = :ws AND e.occurred_at >= greatest(mark.at, :start) AND e.occurred_at < :end
          GROUP BY 1, 2, e.model, e.domain, e.metric) n
"""  # noqa: S608 - constants
