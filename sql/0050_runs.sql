-- Everything a model does. A queued answer row is the truth of the queue.
SET LOCAL ROLE console_owner;

CREATE DOMAIN run_kind AS text CHECK (VALUE IN ('answer', 'draft', 'eval', 'extract', 'task'));
CREATE DOMAIN run_state AS text CHECK (VALUE IN ('queued', 'running', 'awaiting_input', 'paused', 'complete',
    'superseded', 'failed', 'cancelled', 'refused'));
CREATE DOMAIN run_event_type AS text CHECK (VALUE IN ('llm_call', 'tool_call', 'retrieval', 'decision',
    'human_input_requested', 'human_input_received', 'error', 'checkpoint'));

CREATE TABLE runs (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    kind run_kind NOT NULL,
    state run_state NOT NULL DEFAULT 'queued',
    agent_id uuid,
    agent_version_id uuid,
    conversation_id uuid,
    epoch integer,
    visitor_seq integer,
    not_before timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 3,
    lease_token uuid,
    lease_expires_at timestamptz,
    checkpoint jsonb,
    model text NOT NULL DEFAULT '',
    config jsonb NOT NULL DEFAULT '{}',
    tokens_in integer NOT NULL DEFAULT 0,
    tokens_out integer NOT NULL DEFAULT 0,
    cost_usd numeric(18, 12) NOT NULL DEFAULT 0,
    duration_ms integer,
    iterations integer NOT NULL DEFAULT 0,
    max_iterations integer NOT NULL DEFAULT 1,
    searches integer NOT NULL DEFAULT 0,
    results integer NOT NULL DEFAULT 0,
    response_length integer,
    success boolean,
    error text NOT NULL DEFAULT '',
    output_text text,
    output jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (workspace_id, id)
);
-- A burst of messages waits for one answer.
CREATE UNIQUE INDEX runs_queued_answer ON runs (workspace_id, conversation_id) WHERE kind = 'answer' AND state = 'queued';
CREATE INDEX runs_conversation ON runs (workspace_id, conversation_id, id) WHERE conversation_id IS NOT NULL;
CREATE INDEX runs_pending ON runs (workspace_id, created_at) WHERE state IN ('queued', 'running');

CREATE TABLE run_events (
    workspace_id uuid NOT NULL,
    run_id uuid NOT NULL,
    ordinal integer NOT NULL,
    type run_event_type NOT NULL,
    duration_ms integer,
    model text NOT NULL DEFAULT '',
    tokens_in integer NOT NULL DEFAULT 0,
    tokens_out integer NOT NULL DEFAULT 0,
    data jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, run_id, ordinal)
);
