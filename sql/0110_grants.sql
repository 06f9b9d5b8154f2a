-- Who may do what. What is immutable is so by grants: SELECT and INSERT, and nothing else.
SET LOCAL ROLE console_owner;

GRANT SELECT, INSERT, UPDATE ON workspaces, workspace_users, agents, contacts, conversations, conversation_reads,
    runs, knowledge_gaps, audit_heads, notifications, curated_answers, feedback, leads, usage_counters, usage_reservations
    TO console_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_sources, sources, crawl_runs, documents, chunks, embeddings, drafts,
    held_sends, labels, canned_replies, presences, visitor_presences, workspace_limits, usage_rollups, usage_watermarks
    TO console_app;
GRANT SELECT, INSERT, DELETE ON agent_origins, conversation_labels TO console_app;
GRANT SELECT, INSERT ON agent_versions, messages, conversation_events, run_events, gap_occurrences, usage_events,
    agent_version_answers, audit_events, audit_texts TO console_app;
-- Gaps that mean the same are merged.
GRANT UPDATE (gap_id) ON gap_occurrences TO console_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON workspace_credentials TO console_app;
GRANT SELECT ON embedding_models, model_prices, plans, plan_limits TO console_app;

GRANT SELECT (id, active) ON workspaces TO console_gateway;
GRANT SELECT (workspace_id, id, slug, status, published_version_id, widget_key) ON agents TO console_gateway;
GRANT SELECT (workspace_id, agent_id, origin) ON agent_origins TO console_gateway;
GRANT SELECT (workspace_id, id, agent_id, number) ON agent_versions TO console_gateway;
GRANT SELECT (workspace_id, user_id, conversation_id, typing_until) ON presences TO console_gateway;
GRANT SELECT, INSERT, UPDATE ON visitor_presences TO console_gateway;
GRANT INSERT, SELECT (workspace_id, id, name, email, email_key) ON contacts TO console_gateway;
GRANT INSERT ON conversations TO console_gateway;
GRANT SELECT (workspace_id, id, agent_id, contact_id, visitor_token_hash, status, control, claimed_by_user_id, epoch,
    last_seq, last_visitor_seq, waiting_since, last_message_at) ON conversations TO console_gateway;
GRANT UPDATE (contact_id, status, epoch, last_seq, last_visitor_seq, snippet, snippet_role, waiting_since, snoozed_until,
    ended_at, last_message_at, updated_at) ON conversations TO console_gateway;
GRANT SELECT, INSERT ON messages TO console_gateway;
GRANT INSERT (workspace_id, id, agent_id, conversation_id, contact_id, email, name, phone, message, created_at, updated_at),
    SELECT (workspace_id, agent_id, email_key, name, phone, message), UPDATE (name, phone, message, updated_at)
    ON leads TO console_gateway;
GRANT INSERT (workspace_id, conversation_id, seq, rating, comment, created_at, updated_at),
    SELECT (workspace_id, conversation_id, seq, rating, comment), UPDATE (rating, comment, updated_at)
    ON feedback TO console_gateway;
GRANT INSERT ON conversation_events TO console_gateway;
GRANT INSERT ON runs TO console_gateway;
GRANT SELECT (workspace_id, id, kind, state, conversation_id, created_at) ON runs TO console_gateway;

GRANT SELECT ON chunks, documents TO console_search;
GRANT SELECT, INSERT, UPDATE ON users, sessions TO console_auth;
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_codes, login_attempts TO console_auth;
GRANT SELECT ON auth_secrets TO console_auth;
GRANT SELECT ON workspaces, workspace_users, runs, conversations, held_sends, crawl_runs, agent_origins,
    feedback, usage_counters, usage_reservations, usage_watermarks TO console_auth;
GRANT SELECT (workspace_id, conversation_id, id, kind, detail) ON conversation_events TO console_auth;
