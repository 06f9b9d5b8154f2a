-- The truth of usage: append-only, ids and numbers only, no foreign keys so that it outlives what it counts.
SET LOCAL ROLE console_owner;

CREATE TABLE usage_events (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    idempotency_key text NOT NULL,
    metric text NOT NULL,
    quantity bigint NOT NULL DEFAULT 1,
    agent_id uuid,
    agent_version_id uuid,
    conversation_id uuid,
    run_id uuid,
    model text NOT NULL DEFAULT '',
    domain text NOT NULL DEFAULT '',
    tokens_in integer NOT NULL DEFAULT 0,
    tokens_out integer NOT NULL DEFAULT 0,
    cost_usd numeric(12, 6) NOT NULL DEFAULT 0,
    duration_ms integer,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX usage_events_key ON usage_events (workspace_id, idempotency_key);
CREATE INDEX usage_events_time ON usage_events (workspace_id, occurred_at);
