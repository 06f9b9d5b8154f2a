-- How an answer ends. Functions, so that it takes one round trip and each statement is planned once a connection; they
-- run as whoever calls them, behind row security. Locks are taken in the order conversation, run, reservation, counter.
SET LOCAL ROLE console_owner;

CREATE TYPE answered AS (
    run uuid, token uuid, conversation uuid, epoch integer, seq integer, at timestamptz,
    content text, snippet text, citations jsonb, confidence real, reason text,
    agent uuid, version uuid, domain text, state text, success boolean, error text, output_text text, output jsonb,
    ms integer, results integer, steps jsonb, took integer,
    model text, tokens_in integer, tokens_out integer, cost numeric,
    counts boolean, usage uuid, counted_at timestamptz, settles boolean, tokens bigint
);

-- Settles what a run has set aside: `n` of what was given back is zero, so that a publish after the expiry gives back
-- nothing twice. Returns what is used of the counters of which nobody was told yet, by metric and period.
CREATE FUNCTION settle_run(ws uuid, run uuid, answers bigint, tokens bigint, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    held record;
    counter record;
    moved jsonb := '{}';
BEGIN
    -- By name: everybody locks counters in this order.
    FOR held IN
        WITH settled AS (
            UPDATE usage_reservations r SET state = CASE WHEN metric = 'answers' AND answers > 0
                OR metric = 'tokens' AND tokens > 0 THEN 'committed' ELSE 'refunded' END
            WHERE r.workspace_id = ws AND r.run_id = run
            RETURNING r.metric, r.period, r.window_start, r.n)
        SELECT * FROM settled s ORDER BY s.metric, s.period, s.window_start
    LOOP
        UPDATE usage_counters u SET reserved = u.reserved - held.n, updated_at = at,
            used = u.used + CASE u.metric WHEN 'answers' THEN answers ELSE tokens END
        WHERE u.workspace_id = ws AND u.metric = held.metric AND u.period = held.period
            AND u.window_start = held.window_start
        RETURNING u.used, u.warned_at INTO counter;
        IF FOUND AND counter.warned_at IS NULL THEN
            moved := moved || jsonb_build_object(held.metric || ' ' || held.period, counter.used);
        END IF;
    END LOOP;
    RETURN moved;
END
$$;

-- Closes a run in hand, with its trace and its usage, and settles its quotas; raises no_data_found when it is another's.
CREATE FUNCTION finish_answer(ws uuid, a answered) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE runs SET state = a.state, finished_at = now(), duration_ms = a.ms, output_text = a.output_text,
        output = a.output, success = a.success, error = a.error, response_length = length(a.content),
        model = a.model, searches = 1, results = a.results, iterations = 1,
        tokens_in = a.tokens_in, tokens_out = a.tokens_out, cost_usd = a.cost
    WHERE workspace_id = ws AND id = a.run AND state = 'running' AND lease_token = a.token;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = 'another worker has taken the run';
    END IF;
    INSERT INTO run_events (workspace_id, run_id, ordinal, type, data, duration_ms, model, tokens_in, tokens_out)
    SELECT ws, a.run, place, step ->> 0, step -> 1,
        CASE WHEN called THEN a.took END, CASE WHEN called THEN a.model ELSE '' END,
        CASE WHEN called THEN a.tokens_in ELSE 0 END, CASE WHEN called THEN a.tokens_out ELSE 0 END
    FROM jsonb_array_elements(a.steps) WITH ORDINALITY AS steps (step, place),
        LATERAL (SELECT step ->> 0 = 'llm_call') AS c (called);
    IF a.counts OR a.tokens_in + a.tokens_out > 0 THEN
        INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, agent_id, agent_version_id,
            conversation_id, run_id, model, domain, tokens_in, tokens_out, cost_usd, duration_ms, occurred_at)
        VALUES (ws, a.usage, 'answer:' || a.run, CASE WHEN a.counts THEN 'answers' ELSE 'discarded_answers' END,
            a.agent, a.version, a.conversation, a.run, a.model, a.domain, a.tokens_in, a.tokens_out, a.cost, a.ms,
            coalesce(a.counted_at, a.at));
    END IF;
    IF NOT a.settles THEN
        RETURN '{}';
    END IF;
    RETURN settle_run(ws, a.run, a.counts::integer, a.tokens, a.at);
END
$$;

-- Publishes behind the fence: nothing after a claim, a newer message, or another answer to the same message. Returns
-- null when that refused it, and has then changed nothing; else as `finish_answer`.
CREATE FUNCTION publish_answer(ws uuid, a answered) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    WITH c AS (
        UPDATE conversations SET last_seq = last_seq + 1, last_answered_seq = a.seq, last_message_at = a.at,
            snippet = a.snippet, snippet_role = 'assistant', last_confidence = a.confidence, supersessions = 0,
            ai_turns = ai_turns + 1, updated_at = a.at,
            control = CASE WHEN a.reason IS NULL THEN control ELSE 'human' END,
            epoch = CASE WHEN a.reason IS NULL THEN epoch ELSE epoch + 1 END,
            waiting_since = CASE WHEN a.reason IS NULL THEN waiting_since ELSE a.at END,
            handoff_reason = CASE WHEN a.reason IS NULL THEN handoff_reason ELSE a.reason END
        WHERE workspace_id = ws AND id = a.conversation AND control = 'ai' AND status = 'open' AND epoch = a.epoch
          AND last_visitor_seq = a.seq AND last_answered_seq < a.seq
        RETURNING last_seq)
    INSERT INTO messages (workspace_id, conversation_id, seq, role, content, citations, confidence, agent_version_id,
                          run_id, created_at)
    SELECT ws, a.conversation, c.last_seq, 'assistant', a.content, a.citations, a.confidence, a.version, a.run, a.at
    FROM c;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN finish_answer(ws, a);
END
$$;

REVOKE ALL ON FUNCTION settle_run(uuid, uuid, bigint, bigint, timestamptz), finish_answer(uuid, answered),
    publish_answer(uuid, answered) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_run(uuid, uuid, bigint, bigint, timestamptz), finish_answer(uuid, answered),
    publish_answer(uuid, answered) TO console_app;
