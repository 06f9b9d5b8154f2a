-- Sources, documents, chunks and their vectors.
SET LOCAL ROLE console_owner;

CREATE TABLE sources (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('url', 'sitemap', 'rss', 'notion', 'gdrive', 'sql', 'file', 'folder',
                                       'api', 'conversation')),
    name text NOT NULL,
    uri text NOT NULL,
    config jsonb NOT NULL DEFAULT '{}',
    credentials_sealed bytea,
    schedule text,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'syncing', 'ready', 'failed', 'paused')),
    error text NOT NULL DEFAULT '',
    synced_at timestamptz,
    created_by_user_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX sources_uri ON sources (workspace_id, kind, uri);

CREATE TABLE crawl_runs (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'complete', 'failed', 'cancelled')),
    attempt integer NOT NULL DEFAULT 0,
    lease_token uuid,
    lease_expires_at timestamptz,
    documents_total integer NOT NULL DEFAULT 0,
    documents_done integer NOT NULL DEFAULT 0,
    documents_unchanged integer NOT NULL DEFAULT 0,
    documents_failed integer NOT NULL DEFAULT 0,
    documents_skipped integer NOT NULL DEFAULT 0,
    skipped jsonb NOT NULL DEFAULT '[]',
    chunks integer NOT NULL DEFAULT 0,
    chunks_total integer NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT '',
    waits integer NOT NULL DEFAULT 0,
    not_before timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX crawl_runs_active ON crawl_runs (workspace_id, source_id) WHERE state IN ('queued', 'running');
CREATE INDEX crawl_runs_source ON crawl_runs (workspace_id, source_id, id);

-- `generation` is the one that searches see; 0 means none yet.
CREATE TABLE documents (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    uri text NOT NULL,
    title text NOT NULL DEFAULT '',
    excerpt text NOT NULL DEFAULT '',
    content text NOT NULL DEFAULT '',
    content_hash bytea,
    generation integer NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'waiting', 'ready', 'failed', 'removed')),
    error text NOT NULL DEFAULT '',
    media_type text NOT NULL DEFAULT '',
    fetch_metadata jsonb NOT NULL DEFAULT '{}',
    fetched_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX documents_uri ON documents (workspace_id, source_id, uri);

CREATE TABLE chunks (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    source_id uuid NOT NULL,
    generation integer NOT NULL,
    ordinal integer NOT NULL,
    text text NOT NULL,
    heading_path text NOT NULL DEFAULT '',
    hash bytea NOT NULL,
    token_count integer NOT NULL,
    tsv tsvector NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX chunks_document ON chunks (workspace_id, document_id, generation, ordinal);
CREATE INDEX chunks_source ON chunks (workspace_id, source_id);
CREATE INDEX chunks_tsv ON chunks USING gin (tsv);

CREATE TABLE embedding_models (
    id smallint PRIMARY KEY,
    name text NOT NULL,
    dimensions integer NOT NULL CHECK (dimensions > 0),
    provider text NOT NULL
);
CREATE UNIQUE INDEX embedding_models_name ON embedding_models (name);
INSERT INTO embedding_models (id, name, dimensions, provider) VALUES
    (1, 'all-MiniLM-L6-v2-int8', 384, 'packaged'),
    (2, 'text-embedding-3-small', 1536, 'openai');

CREATE TABLE embeddings (
    workspace_id uuid NOT NULL,
    chunk_id uuid NOT NULL,
    model_id smallint NOT NULL,
    embedding halfvec,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'ready', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT '',
    embedded_at timestamptz,
    PRIMARY KEY (workspace_id, chunk_id, model_id),
    CHECK ((status = 'ready') = (embedding IS NOT NULL))
);
CREATE INDEX embeddings_hnsw_1 ON embeddings USING hnsw ((embedding::halfvec(384)) halfvec_cosine_ops) WHERE model_id = 1;
CREATE INDEX embeddings_hnsw_2 ON embeddings USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops) WHERE model_id = 2;
