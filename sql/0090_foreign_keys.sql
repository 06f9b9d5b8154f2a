-- Foreign keys come after all tables, one named constraint a statement, each with the tenant on both sides.
SET LOCAL ROLE console_owner;

ALTER TABLE workspace_users ADD CONSTRAINT workspace_users_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id);
ALTER TABLE workspace_users ADD CONSTRAINT workspace_users_user FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE workspace_credentials ADD CONSTRAINT workspace_credentials_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id);
ALTER TABLE workspace_credentials ADD CONSTRAINT workspace_credentials_setter FOREIGN KEY (workspace_id, set_by_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE sessions ADD CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE sessions ADD CONSTRAINT sessions_workspace FOREIGN KEY (active_workspace_id) REFERENCES workspaces (id);
ALTER TABLE recovery_codes ADD CONSTRAINT recovery_codes_user FOREIGN KEY (user_id) REFERENCES users (id);

ALTER TABLE agents ADD CONSTRAINT agents_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id);
ALTER TABLE agents ADD CONSTRAINT agents_published FOREIGN KEY (workspace_id, id, published_version_id) REFERENCES agent_versions (workspace_id, agent_id, id);
ALTER TABLE agent_versions ADD CONSTRAINT agent_versions_agent FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id);
ALTER TABLE agent_versions ADD CONSTRAINT agent_versions_author FOREIGN KEY (workspace_id, author_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE agent_sources ADD CONSTRAINT agent_sources_agent FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id);
ALTER TABLE agent_sources ADD CONSTRAINT agent_sources_source FOREIGN KEY (workspace_id, source_id) REFERENCES sources (workspace_id, id) ON DELETE CASCADE;
ALTER TABLE agent_origins ADD CONSTRAINT agent_origins_agent FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id);
ALTER TABLE agent_origins ADD CONSTRAINT agent_origins_creator FOREIGN KEY (workspace_id, created_by_user_id) REFERENCES workspace_users (workspace_id, user_id);

ALTER TABLE sources ADD CONSTRAINT sources_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id);
ALTER TABLE sources ADD CONSTRAINT sources_creator FOREIGN KEY (workspace_id, created_by_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE crawl_runs ADD CONSTRAINT crawl_runs_source FOREIGN KEY (workspace_id, source_id) REFERENCES sources (workspace_id, id) ON DELETE CASCADE;
ALTER TABLE documents ADD CONSTRAINT documents_source FOREIGN KEY (workspace_id, source_id) REFERENCES sources (workspace_id, id) ON DELETE CASCADE;
ALTER TABLE chunks ADD CONSTRAINT chunks_document FOREIGN KEY (workspace_id, document_id) REFERENCES documents (workspace_id, id) ON DELETE CASCADE;
ALTER TABLE chunks ADD CONSTRAINT chunks_source FOREIGN KEY (workspace_id, source_id) REFERENCES sources (workspace_id, id) ON DELETE CASCADE;
ALTER TABLE embeddings ADD CONSTRAINT embeddings_chunk FOREIGN KEY (workspace_id, chunk_id) REFERENCES chunks (workspace_id, id) ON DELETE CASCADE;
ALTER TABLE embeddings ADD CONSTRAINT embeddings_model FOREIGN KEY (model_id) REFERENCES embedding_models (id);

ALTER TABLE contacts ADD CONSTRAINT contacts_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id);
ALTER TABLE conversations ADD CONSTRAINT conversations_agent FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id);
ALTER TABLE conversations ADD CONSTRAINT conversations_contact FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id);
ALTER TABLE conversations ADD CONSTRAINT conversations_holder FOREIGN KEY (workspace_id, claimed_by_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE messages ADD CONSTRAINT messages_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);
ALTER TABLE messages ADD CONSTRAINT messages_version FOREIGN KEY (workspace_id, agent_version_id) REFERENCES agent_versions (workspace_id, id);
ALTER TABLE messages ADD CONSTRAINT messages_run FOREIGN KEY (workspace_id, run_id) REFERENCES runs (workspace_id, id);
ALTER TABLE messages ADD CONSTRAINT messages_author FOREIGN KEY (workspace_id, author_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE conversation_events ADD CONSTRAINT conversation_events_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);
ALTER TABLE conversation_events ADD CONSTRAINT conversation_events_actor FOREIGN KEY (workspace_id, actor_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE conversation_reads ADD CONSTRAINT conversation_reads_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);
ALTER TABLE conversation_reads ADD CONSTRAINT conversation_reads_user FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE drafts ADD CONSTRAINT drafts_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);
ALTER TABLE drafts ADD CONSTRAINT drafts_user FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE conversations ADD CONSTRAINT conversations_assignee FOREIGN KEY (workspace_id, assigned_to_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE held_sends ADD CONSTRAINT held_sends_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);
ALTER TABLE held_sends ADD CONSTRAINT held_sends_user FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE labels ADD CONSTRAINT labels_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id);
ALTER TABLE labels ADD CONSTRAINT labels_creator FOREIGN KEY (workspace_id, created_by_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE conversation_labels ADD CONSTRAINT conversation_labels_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);
ALTER TABLE conversation_labels ADD CONSTRAINT conversation_labels_label FOREIGN KEY (workspace_id, label_id) REFERENCES labels (workspace_id, id) ON DELETE CASCADE;
ALTER TABLE conversation_labels ADD CONSTRAINT conversation_labels_creator FOREIGN KEY (workspace_id, created_by_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE canned_replies ADD CONSTRAINT canned_replies_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id);
ALTER TABLE canned_replies ADD CONSTRAINT canned_replies_creator FOREIGN KEY (workspace_id, created_by_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE notifications ADD CONSTRAINT notifications_user FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE notifications ADD CONSTRAINT notifications_actor FOREIGN KEY (workspace_id, actor_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE presences ADD CONSTRAINT presences_user FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE presences ADD CONSTRAINT presences_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);
ALTER TABLE visitor_presences ADD CONSTRAINT visitor_presences_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);

ALTER TABLE runs ADD CONSTRAINT runs_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);
ALTER TABLE runs ADD CONSTRAINT runs_agent FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id);
ALTER TABLE runs ADD CONSTRAINT runs_version FOREIGN KEY (workspace_id, agent_version_id) REFERENCES agent_versions (workspace_id, id);
ALTER TABLE run_events ADD CONSTRAINT run_events_run FOREIGN KEY (workspace_id, run_id) REFERENCES runs (workspace_id, id);

ALTER TABLE knowledge_gaps ADD CONSTRAINT knowledge_gaps_agent FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id);
ALTER TABLE knowledge_gaps ADD CONSTRAINT knowledge_gaps_model FOREIGN KEY (model_id) REFERENCES embedding_models (id);
ALTER TABLE knowledge_gaps ADD CONSTRAINT knowledge_gaps_into FOREIGN KEY (workspace_id, merged_into_gap_id) REFERENCES knowledge_gaps (workspace_id, id);
ALTER TABLE knowledge_gaps ADD CONSTRAINT knowledge_gaps_reviewer FOREIGN KEY (workspace_id, reviewed_by_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE gap_occurrences ADD CONSTRAINT gap_occurrences_gap FOREIGN KEY (workspace_id, gap_id) REFERENCES knowledge_gaps (workspace_id, id);
ALTER TABLE gap_occurrences ADD CONSTRAINT gap_occurrences_message FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES messages (workspace_id, conversation_id, seq);
ALTER TABLE gap_occurrences ADD CONSTRAINT gap_occurrences_run FOREIGN KEY (workspace_id, run_id) REFERENCES runs (workspace_id, id);
ALTER TABLE curated_answers ADD CONSTRAINT curated_answers_agent FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id);
ALTER TABLE curated_answers ADD CONSTRAINT curated_answers_gap FOREIGN KEY (workspace_id, origin_gap_id) REFERENCES knowledge_gaps (workspace_id, id);
ALTER TABLE curated_answers ADD CONSTRAINT curated_answers_creator FOREIGN KEY (workspace_id, created_by_user_id) REFERENCES workspace_users (workspace_id, user_id);
ALTER TABLE agent_version_answers ADD CONSTRAINT agent_version_answers_version FOREIGN KEY (workspace_id, agent_version_id) REFERENCES agent_versions (workspace_id, id);
ALTER TABLE agent_version_answers ADD CONSTRAINT agent_version_answers_answer FOREIGN KEY (workspace_id, curated_answer_id) REFERENCES curated_answers (workspace_id, id);
ALTER TABLE agent_version_answers ADD CONSTRAINT agent_version_answers_model FOREIGN KEY (model_id) REFERENCES embedding_models (id);
ALTER TABLE feedback ADD CONSTRAINT feedback_message FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES messages (workspace_id, conversation_id, seq);
ALTER TABLE leads ADD CONSTRAINT leads_agent FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id);
ALTER TABLE leads ADD CONSTRAINT leads_conversation FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id);
ALTER TABLE leads ADD CONSTRAINT leads_contact FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id);
ALTER TABLE plan_limits ADD CONSTRAINT plan_limits_plan FOREIGN KEY (plan_id) REFERENCES plans (id);
ALTER TABLE workspace_limits ADD CONSTRAINT workspace_limits_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id);

ALTER TABLE audit_events ADD CONSTRAINT audit_events_head FOREIGN KEY (workspace_id) REFERENCES audit_heads (workspace_id);
ALTER TABLE audit_texts ADD CONSTRAINT audit_texts_event FOREIGN KEY (workspace_id, seq) REFERENCES audit_events (workspace_id, seq);
