-- Conversations, their messages, and who has read, drafted and held what.
SET LOCAL ROLE console_owner;

-- What a column of the hot tables may hold is said by a domain: a CHECK of the table is parsed anew with every
-- statement that writes a row, which was measured to be a third of a publish.
CREATE DOMAIN conversation_priority AS smallint CHECK (VALUE BETWEEN 0 AND 3);
CREATE DOMAIN conversation_status AS text CHECK (VALUE IN ('open', 'snoozed', 'resolved'));
CREATE DOMAIN conversation_control AS text CHECK (VALUE IN ('ai', 'human'));
CREATE DOMAIN handoff_reason AS text CHECK (VALUE IN ('customer_request', 'missing_knowledge', 'unsupported_request',
    'policy_restriction', 'tool_failure', 'usage_limit', 'abandoned'));
CREATE DOMAIN message_role AS text CHECK (VALUE IN ('user', 'assistant', 'human', 'system', 'tool', 'note'));
CREATE DOMAIN message_delivery AS text CHECK (VALUE IN ('sent', 'delivered', 'failed'));

CREATE TABLE contacts (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL DEFAULT '',
    email text,
    email_key text GENERATED ALWAYS AS (lower(email)) STORED,
    phone text,
    external_ids jsonb NOT NULL DEFAULT '{}',
    attributes jsonb NOT NULL DEFAULT '{}',
    raw jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
-- By a column: lower() is not leakproof, so row security would keep an index on lower(email) unused.
CREATE UNIQUE INDEX contacts_email ON contacts (workspace_id, email_key) WHERE email_key IS NOT NULL;

-- Status (where the work stands) and control (who speaks) are two facts. `epoch` rises with every
-- change of either; what was begun under an older epoch can no longer publish or send.
-- Priority is 0 urgent, 1 high, 2 normal, 3 low: it sorts as the queue does.
CREATE TABLE conversations (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    agent_id uuid NOT NULL,
    contact_id uuid,
    visitor_id text NOT NULL,
    visitor_token_hash bytea,
    channel text NOT NULL DEFAULT 'web',
    domain text NOT NULL DEFAULT '',
    page text NOT NULL DEFAULT '',
    external_id text,
    raw jsonb NOT NULL DEFAULT '{}',
    subject text NOT NULL DEFAULT '',
    priority conversation_priority NOT NULL DEFAULT 2,
    status conversation_status NOT NULL DEFAULT 'open',
    control conversation_control NOT NULL DEFAULT 'ai',
    claimed_by_user_id uuid,
    claimed_at timestamptz,
    assigned_to_user_id uuid,
    lease_expires_at timestamptz,
    epoch integer NOT NULL DEFAULT 0,
    last_seq integer NOT NULL DEFAULT 0,
    last_visitor_seq integer NOT NULL DEFAULT 0,
    last_human_seq integer NOT NULL DEFAULT 0,
    last_answered_seq integer NOT NULL DEFAULT 0,
    supersessions integer NOT NULL DEFAULT 0,
    ai_turns integer NOT NULL DEFAULT 0,
    snippet text NOT NULL DEFAULT '',
    snippet_role text,
    last_confidence real,
    waiting_since timestamptz,
    handoff_reason handoff_reason,
    snoozed_until timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    last_message_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    CONSTRAINT conversations_holder_is_human CHECK (claimed_by_user_id IS NULL OR (control = 'human' AND status = 'open')),
    CONSTRAINT conversations_holder_has_lease CHECK ((claimed_by_user_id IS NULL) = (lease_expires_at IS NULL)),
    CONSTRAINT conversations_seqs CHECK (last_visitor_seq <= last_seq AND last_human_seq <= last_seq)
);
CREATE INDEX conversations_visitor ON conversations (workspace_id, visitor_id);
CREATE UNIQUE INDEX conversations_external ON conversations (workspace_id, channel, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX conversations_waiting ON conversations (workspace_id, priority, waiting_since, id)
    WHERE status = 'open' AND control = 'human' AND claimed_by_user_id IS NULL;
CREATE INDEX conversations_held ON conversations (workspace_id, claimed_by_user_id, last_message_at DESC, id DESC)
    WHERE claimed_by_user_id IS NOT NULL;
CREATE INDEX conversations_assigned ON conversations (workspace_id, assigned_to_user_id, last_message_at DESC, id DESC)
    WHERE assigned_to_user_id IS NOT NULL AND status = 'open';
CREATE INDEX conversations_snoozed ON conversations (workspace_id, snoozed_until) WHERE status = 'snoozed';
CREATE INDEX conversations_open ON conversations (workspace_id, last_message_at DESC, id DESC) WHERE status = 'open';
CREATE INDEX conversations_closed ON conversations (workspace_id, last_message_at DESC, id DESC) WHERE status <> 'open';
CREATE INDEX conversations_lease ON conversations (workspace_id, lease_expires_at) WHERE lease_expires_at IS NOT NULL;

CREATE TABLE messages (
    workspace_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq integer NOT NULL,
    role message_role NOT NULL,
    content text NOT NULL,
    citations jsonb NOT NULL DEFAULT '[]',
    confidence real,
    agent_version_id uuid,
    run_id uuid,
    author_user_id uuid,
    client_token text,
    delivery message_delivery NOT NULL DEFAULT 'sent',
    reply_to_seq integer,
    attachments jsonb NOT NULL DEFAULT '[]',
    raw jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, seq)
);
CREATE UNIQUE INDEX messages_client_token ON messages (workspace_id, conversation_id, client_token)
    WHERE client_token IS NOT NULL;

CREATE TABLE conversation_events (
    workspace_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    id uuid NOT NULL,
    after_seq integer NOT NULL,
    kind text NOT NULL,
    epoch integer NOT NULL,
    actor_user_id uuid,
    detail jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, id)
);

CREATE TABLE conversation_reads (
    workspace_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    last_read_seq integer NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, user_id)
);

CREATE TABLE drafts (
    workspace_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('reply', 'note')),
    content text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, user_id, kind)
);

-- A reply that can still be undone. It becomes a message when it is due, whoever of the console or the worker lives;
-- its row goes in the transaction that stores the message.
CREATE TABLE held_sends (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    content text NOT NULL,
    client_token text NOT NULL,
    epoch integer NOT NULL,
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX held_sends_client_token ON held_sends (workspace_id, conversation_id, client_token);
CREATE INDEX held_sends_due ON held_sends (workspace_id, due_at);

CREATE TABLE labels (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    created_by_user_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX labels_name ON labels (workspace_id, lower(name));

CREATE TABLE conversation_labels (
    workspace_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    label_id uuid NOT NULL,
    created_by_user_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, label_id)
);
CREATE INDEX conversation_labels_label ON conversation_labels (workspace_id, label_id, conversation_id);

CREATE TABLE canned_replies (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    shortcut text NOT NULL CHECK (shortcut ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    title text NOT NULL DEFAULT '',
    content text NOT NULL,
    created_by_user_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX canned_replies_shortcut ON canned_replies (workspace_id, shortcut);

-- What one person should know of: a mention in a note, a conversation assigned.
CREATE TABLE notifications (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    type text NOT NULL CHECK (type IN ('mention', 'assigned', 'quota')),
    actor_user_id uuid,
    resource_kind text NOT NULL,
    resource_id uuid NOT NULL,
    seq integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX notifications_person ON notifications (workspace_id, user_id, id DESC);
CREATE INDEX notifications_unread ON notifications (workspace_id, user_id, id DESC) WHERE read_at IS NULL;

-- Where each operator is and whether they type; stale rows say nothing.
CREATE TABLE presences (
    workspace_id uuid NOT NULL,
    user_id uuid NOT NULL,
    console_id uuid NOT NULL,
    conversation_id uuid,
    typing_until timestamptz,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, user_id, console_id)
);
CREATE INDEX presences_conversation ON presences (workspace_id, conversation_id) WHERE conversation_id IS NOT NULL;

-- Apart from the conversation's row, whose lock every message needs.
CREATE TABLE visitor_presences (
    workspace_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    typing_until timestamptz,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id)
);

-- Who left an address with an agent: one row for each agent and e-mail, whoever asks first.
CREATE TABLE leads (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    agent_id uuid NOT NULL,
    conversation_id uuid,
    contact_id uuid,
    email text NOT NULL,
    email_key text NOT NULL GENERATED ALWAYS AS (lower(email)) STORED,
    name text NOT NULL DEFAULT '',
    phone text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX leads_email ON leads (workspace_id, agent_id, email_key);
