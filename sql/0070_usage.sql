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
    cost_usd numeric(18, 12) NOT NULL DEFAULT 0,
    duration_ms integer,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX usage_events_key ON usage_events (workspace_id, idempotency_key);
CREATE INDEX usage_events_time ON usage_events (workspace_id, occurred_at);

-- US dollars for a million tokens, kept by whoever runs the server. A model that is not here costs nothing, and that
-- is said wherever its cost is shown.
CREATE TABLE model_prices (
    model text PRIMARY KEY,
    input_usd numeric(12, 6) NOT NULL CHECK (input_usd >= 0),
    output_usd numeric(12, 6) NOT NULL CHECK (output_usd >= 0),
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO model_prices (model, input_usd, output_usd) VALUES
    ('gpt-4o', 2.50, 10.00),
    ('gpt-4o-mini', 0.15, 0.60),
    ('gpt-4.1', 2.00, 8.00),
    ('gpt-4.1-mini', 0.40, 1.60),
    ('gpt-4.1-nano', 0.10, 0.40),
    ('gpt-5', 1.25, 10.00),
    ('gpt-5-mini', 0.25, 2.00),
    ('gpt-5-nano', 0.05, 0.40),
    ('o4-mini', 1.10, 4.40),
    ('text-embedding-3-small', 0.02, 0),
    ('text-embedding-3-large', 0.13, 0);

-- What a workspace may use. A plan without a row for a metric does not limit it.
CREATE TABLE plans (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,30}$'),
    name text NOT NULL,
    position smallint NOT NULL DEFAULT 0
);
CREATE TABLE plan_limits (
    plan_id text NOT NULL,
    metric text NOT NULL CHECK (metric IN ('answers', 'tokens')),
    period text NOT NULL DEFAULT 'month' CHECK (period IN ('day', 'month')),
    soft bigint CHECK (soft >= 0),
    hard bigint CHECK (hard >= 0),
    PRIMARY KEY (plan_id, metric, period),
    CHECK (soft <= hard)
);
INSERT INTO plans (id, name, position) VALUES
    ('free', 'Free', 0), ('team', 'Team', 1), ('business', 'Business', 2), ('unlimited', 'Unlimited', 3);
INSERT INTO plan_limits (plan_id, metric, period, soft, hard) VALUES
    ('free', 'answers', 'month', 1600, 2000), ('free', 'tokens', 'month', 1600000, 2000000),
    ('team', 'answers', 'month', 8000, 10000), ('team', 'tokens', 'month', 16000000, 20000000),
    ('business', 'answers', 'month', 80000, 100000), ('business', 'tokens', 'month', 160000000, 200000000);

-- A workspace's own ceilings: they may be lower than those of its plan, never higher.
CREATE TABLE workspace_limits (
    workspace_id uuid NOT NULL,
    metric text NOT NULL CHECK (metric IN ('answers', 'tokens')),
    period text NOT NULL DEFAULT 'month' CHECK (period IN ('day', 'month')),
    soft bigint CHECK (soft >= 0),
    hard bigint CHECK (hard >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, metric, period),
    CHECK (soft <= hard)
);

CREATE DOMAIN usage_amount AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN reservation_state AS text CHECK (VALUE IN ('held', 'committed', 'refunded'));

-- What is used and reserved in a window [window_start, window_end), moved with the limit in its WHERE clause.
CREATE TABLE usage_counters (
    workspace_id uuid NOT NULL,
    metric text NOT NULL,
    period text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    used usage_amount NOT NULL DEFAULT 0,
    reserved usage_amount NOT NULL DEFAULT 0,
    warned_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, metric, period, window_start)
);

-- What a run has set aside, or somebody who tries a search or a question: a try has an id, and no run yet.
CREATE TABLE usage_reservations (
    workspace_id uuid NOT NULL,
    run_id uuid NOT NULL,
    metric text NOT NULL,
    period text NOT NULL,
    window_start timestamptz NOT NULL,
    n usage_amount NOT NULL,
    state reservation_state NOT NULL DEFAULT 'held',
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, run_id, metric, period)
);
CREATE INDEX usage_reservations_held ON usage_reservations (workspace_id, expires_at) WHERE state = 'held';

-- Sums and counts of the events in a bucket of time, made again from the events at will.
CREATE TABLE usage_rollups (
    workspace_id uuid NOT NULL,
    grain text NOT NULL CHECK (grain IN ('hour', 'day')),
    bucket timestamptz NOT NULL,
    agent_id uuid NOT NULL,
    model text NOT NULL DEFAULT '',
    domain text NOT NULL DEFAULT '',
    metric text NOT NULL,
    events bigint NOT NULL,
    quantity bigint NOT NULL,
    tokens_in bigint NOT NULL,
    tokens_out bigint NOT NULL,
    cost_usd numeric(18, 12) NOT NULL,
    duration_ms bigint NOT NULL,
    timed bigint NOT NULL,
    latency jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (workspace_id, grain, bucket, agent_id, model, domain, metric)
);
CREATE TABLE usage_watermarks (
    workspace_id uuid NOT NULL,
    grain text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, grain)
);
