-- Acts of power: a hash chain per workspace. Events hold ids; free text is kept apart behind a salted
-- hash, so that it can be erased and the chain still verifies. No foreign key to workspaces.
SET LOCAL ROLE console_owner;

CREATE TABLE audit_heads (
    workspace_id uuid PRIMARY KEY,
    seq bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL
);

CREATE TABLE audit_events (
    workspace_id uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'system', 'visitor')),
    actor_user_id uuid,
    action text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'denied')),
    resource_kind text NOT NULL,
    resource_id uuid,
    run_id uuid,
    evidence jsonb NOT NULL DEFAULT '[]',
    text_hash bytea,
    created_at timestamptz NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (workspace_id, seq)
);

CREATE TABLE audit_texts (
    workspace_id uuid NOT NULL,
    seq bigint NOT NULL,
    salt bytea NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (workspace_id, seq)
);
