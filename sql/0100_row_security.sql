-- The tenant wall: every tenant table has row security enabled and forced, one permissive policy and one
-- restrictive tenant policy beside it, for the roles that act for a tenant.
SET LOCAL ROLE console_owner;

DO $$
DECLARE
    tenant_table text;
    tenant constant text := 'nullif(current_setting(''app.workspace_id'', true), '''')::uuid';
    roles constant text := 'console_app, console_gateway, console_owner';
    key text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY[
        'workspaces', 'workspace_users', 'workspace_credentials', 'agents', 'agent_versions', 'agent_sources', 'agent_origins',
        'sources', 'crawl_runs', 'documents', 'chunks', 'embeddings',
        'contacts', 'conversations', 'messages', 'conversation_events', 'conversation_reads', 'drafts',
        'held_sends', 'labels', 'conversation_labels', 'canned_replies', 'notifications', 'presences', 'visitor_presences',
        'runs', 'run_events', 'knowledge_gaps', 'gap_occurrences', 'curated_answers', 'agent_version_answers', 'feedback',
        'leads', 'usage_events', 'workspace_limits', 'usage_counters', 'usage_reservations', 'usage_rollups',
        'usage_watermarks',
        'audit_heads', 'audit_events', 'audit_texts'
    ] LOOP
        key := CASE tenant_table WHEN 'workspaces' THEN 'id' ELSE 'workspace_id' END;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY allowed ON %I FOR ALL TO %s USING (true) WITH CHECK (true)', tenant_table, roles);
        EXECUTE format('CREATE POLICY tenant ON %I AS RESTRICTIVE FOR ALL TO %s USING (%I = %s) WITH CHECK (%I = %s)',
                       tenant_table, roles, key, tenant, key, tenant);
    END LOOP;
END $$;

-- Notes are for the staff: the gateway can neither read one nor write anything but a visitor's words.
CREATE POLICY visitor_reads ON messages AS RESTRICTIVE FOR SELECT TO console_gateway
    USING (role IN ('user', 'assistant', 'human'));
CREATE POLICY visitor_writes ON messages AS RESTRICTIVE FOR INSERT TO console_gateway WITH CHECK (role = 'user');

-- What the definer functions may see, each through its own role.
CREATE POLICY searched ON chunks FOR SELECT TO console_search USING (true);
CREATE POLICY searched ON documents FOR SELECT TO console_search USING (true);
CREATE POLICY looked_up ON workspaces FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON workspace_users FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON runs FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON conversations FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON held_sends FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON usage_counters FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON usage_reservations FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON usage_watermarks FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON crawl_runs FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON feedback FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON agent_origins FOR SELECT TO console_auth USING (true);
CREATE POLICY looked_up ON conversation_events FOR SELECT TO console_auth USING (kind = 'left_address');
