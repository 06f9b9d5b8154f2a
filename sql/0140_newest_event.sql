-- Whether anything has happened in a workspace since somebody looked, without reading its conversations.
SET LOCAL ROLE console_owner;

CREATE INDEX conversation_events_newest ON conversation_events (workspace_id, id DESC);
