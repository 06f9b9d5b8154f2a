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
