-- People, workspaces, memberships, sessions.
SET LOCAL ROLE console_owner;

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    avatar_url text,
    external_subject text,
    password_hash text NOT NULL,
    totp_secret_sealed bytea,
    totp_offered_sealed bytea,
    totp_last_step bigint NOT NULL DEFAULT 0,
    role text NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'super_admin')),
    settings jsonb NOT NULL DEFAULT '{}',
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON users (lower(email));
CREATE UNIQUE INDEX users_external_subject ON users (external_subject) WHERE external_subject IS NOT NULL;

CREATE TABLE workspaces (
    id uuid PRIMARY KEY,
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text NOT NULL,
    plan text NOT NULL DEFAULT 'free',
    active boolean NOT NULL DEFAULT true,
    time_zone text NOT NULL DEFAULT 'UTC',
    settings jsonb NOT NULL DEFAULT '{}',
    billing_state text NOT NULL DEFAULT 'none',
    billing_email text,
    billing_anchor timestamptz NOT NULL DEFAULT date_trunc('day', now(), 'UTC'),
    stripe_customer_id text,
    max_seats integer CHECK (max_seats > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX workspaces_slug ON workspaces (slug);

-- A membership ends (left_at) and never vanishes: messages and acts point at it.
-- Name and e-mail are the person's as this workspace knows them; the app can't read users.
CREATE TABLE workspace_users (
    workspace_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    name text NOT NULL,
    email text NOT NULL,
    settings jsonb NOT NULL DEFAULT '{}',
    joined_at timestamptz NOT NULL DEFAULT now(),
    left_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX workspace_users_user ON workspace_users (user_id);

-- Keys of other services, sealed: to show there are only the last characters and the age.
CREATE TABLE workspace_credentials (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('openai', 'notion', 'gdrive', 'shopify', 'woocommerce')),
    name text NOT NULL DEFAULT '',
    sealed bytea NOT NULL,
    last_characters text NOT NULL DEFAULT '',
    set_by_user_id uuid,
    set_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX workspace_credentials_kind ON workspace_credentials (workspace_id, kind, name);

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL,
    active_workspace_id uuid,
    user_agent text,
    ip inet,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- Failed sign-ins by keyed hash of an e-mail or an address: what was typed is not kept, known or not.
CREATE TABLE login_attempts (
    key bytea PRIMARY KEY,
    failures integer NOT NULL,
    failed_at timestamptz NOT NULL,
    locked_until timestamptz
);
CREATE INDEX login_attempts_time ON login_attempts (failed_at);

-- Random bytes that never leave the server: the key of those hashes.
CREATE TABLE auth_secrets (
    name text PRIMARY KEY,
    value bytea NOT NULL
);
INSERT INTO auth_secrets (name, value)
VALUES ('login_attempts', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
