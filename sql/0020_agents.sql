-- Agents are drafts; versions are what visitors meet.
SET LOCAL ROLE console_owner;

CREATE TABLE agents (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    type text NOT NULL DEFAULT 'support',
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'maintenance')),
    visibility text NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'private', 'hidden')),
    persona jsonb NOT NULL DEFAULT '{}',
    theme jsonb NOT NULL DEFAULT '{}',
    system_prompt text NOT NULL DEFAULT '',
    guardrails jsonb NOT NULL DEFAULT '[]',
    behaviour_rules jsonb NOT NULL DEFAULT '[]',
    ctas jsonb NOT NULL DEFAULT '[]',
    model_config jsonb NOT NULL DEFAULT '{}',
    retrieval_config jsonb NOT NULL DEFAULT '{}',
    capabilities jsonb NOT NULL DEFAULT '[]',
    scheduling jsonb NOT NULL DEFAULT '{}',
    draft_revision integer NOT NULL DEFAULT 1,
    draft_hash bytea NOT NULL,
    published_version_id uuid,
    widget_key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX agents_slug ON agents (workspace_id, slug);
CREATE UNIQUE INDEX agents_widget_key ON agents (workspace_id, widget_key);

CREATE TABLE agent_versions (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    agent_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    snapshot jsonb NOT NULL,
    content_hash bytea NOT NULL,
    note text NOT NULL DEFAULT '',
    author_user_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX agent_versions_number ON agent_versions (workspace_id, agent_id, number);
-- The target of the published pointer: a version of this agent and no other.
CREATE UNIQUE INDEX agent_versions_agent ON agent_versions (workspace_id, agent_id, id);

CREATE TABLE agent_sources (
    workspace_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    source_id uuid NOT NULL,
    PRIMARY KEY (workspace_id, agent_id, source_id)
);

-- Web origins (RFC 6454) whose pages may talk to the gateway for this agent; none by default. They hold at once,
-- published or not: taking one away is an act of safety.
CREATE TABLE agent_origins (
    workspace_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    origin text NOT NULL CHECK (length(origin) <= 300),
    created_by_user_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, agent_id, origin)
);
CREATE INDEX agent_origins_origin ON agent_origins (origin);
