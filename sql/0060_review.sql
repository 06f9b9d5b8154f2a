-- Knowledge gaps: clusters of the same unanswered question, and each time it was asked; and what admins answered.
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
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'drafted', 'approved', 'dismissed', 'expired',
        'merged')),
    -- Its words lead to the gap that it was merged into.
    merged_into_gap_id uuid,
    priority smallint NOT NULL DEFAULT 0,
    draft_answer text NOT NULL DEFAULT '',
    draft_origin text NOT NULL DEFAULT '' CHECK (draft_origin IN ('', 'person', 'reply')),
    drafted_at timestamptz,
    reviewed_by_user_id uuid,
    reviewed_at timestamptz,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    CONSTRAINT knowledge_gaps_merged CHECK ((status = 'merged') = (merged_into_gap_id IS NOT NULL))
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

-- The draft of what an admin answered once. Visitors meet the copies in agent_version_answers.
CREATE TABLE curated_answers (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    agent_id uuid NOT NULL,
    questions jsonb NOT NULL,
    answer text NOT NULL,
    origin_gap_id uuid,
    hits integer NOT NULL DEFAULT 0,
    last_hit_at timestamptz,
    created_by_user_id uuid,
    retired_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX curated_answers_agent ON curated_answers (workspace_id, agent_id, id) WHERE retired_at IS NULL;
-- A gap is answered once.
CREATE UNIQUE INDEX curated_answers_gap ON curated_answers (workspace_id, origin_gap_id) WHERE origin_gap_id IS NOT NULL;

-- The curated answers of a published version, a row for each question: immutable like the version itself.
CREATE TABLE agent_version_answers (
    workspace_id uuid NOT NULL,
    agent_version_id uuid NOT NULL,
    normalised_hash bytea NOT NULL,
    curated_answer_id uuid NOT NULL,
    question text NOT NULL,
    answer text NOT NULL,
    embedding halfvec,
    model_id smallint,
    PRIMARY KEY (workspace_id, agent_version_id, normalised_hash)
);

-- What visitors think of an answer; the last word counts. A worker makes a gap of a thumb down, once: `handled_at`.
CREATE TABLE feedback (
    workspace_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq integer NOT NULL,
    rating text NOT NULL CHECK (rating IN ('up', 'down')),
    comment text NOT NULL DEFAULT '',
    handled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, seq)
);
CREATE INDEX feedback_unhandled ON feedback (workspace_id) WHERE rating = 'down' AND handled_at IS NULL;
