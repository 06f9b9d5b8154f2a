-- Knowledge gaps: clusters of the same unanswered question, and each time it was asked.
SET LOCAL ROLE console_owner;

CREATE TABLE knowledge_gaps (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    agent_id uuid NOT NULL,
    question text NOT NULL,
    normalised_hash bytea NOT NULL,
    embedding halfvec,
    model_id smallint,
    trigger text NOT NULL CHECK (trigger IN ('low_confidence', 'no_hit', 'handoff', 'thumbs_down', 'human_answered',
        'flagged')),
    occurrences integer NOT NULL DEFAULT 0,
    score real,
    threshold real,
    retrieval jsonb NOT NULL DEFAULT '[]',
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'drafted', 'approved', 'dismissed', 'expired')),
    priority smallint NOT NULL DEFAULT 0,
    draft_answer text NOT NULL DEFAULT '',
    reviewed_by_user_id uuid,
    reviewed_at timestamptz,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX knowledge_gaps_question ON knowledge_gaps (workspace_id, agent_id, normalised_hash);
CREATE INDEX knowledge_gaps_queue ON knowledge_gaps (workspace_id, status, occurrences DESC, id);

CREATE TABLE gap_occurrences (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    gap_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq integer NOT NULL,
    run_id uuid,
    question text NOT NULL,
    normalised_hash bytea NOT NULL,
    trigger text NOT NULL CHECK (trigger IN ('low_confidence', 'no_hit', 'handoff', 'thumbs_down', 'human_answered',
        'flagged')),
    score real,
    threshold real,
    similarity real,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX gap_occurrences_message ON gap_occurrences (workspace_id, conversation_id, seq);
CREATE INDEX gap_occurrences_gap ON gap_occurrences (workspace_id, gap_id);
CREATE INDEX gap_occurrences_question ON gap_occurrences (workspace_id, normalised_hash);
