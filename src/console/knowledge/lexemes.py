"""Words for search: how Postgres ranks a question's lexemes, and the same idea of a term in Python."""

from __future__ import annotations

import re

TSVECTOR = "setweight(to_tsvector('english', :heading), 'B') || to_tsvector('english', :text)"
"""What a chunk's `tsv` holds: its title and headings as weight B, its words as weight D."""

SEARCH = """
WITH lexemes AS MATERIALIZED (
    SELECT lexeme, quote_literal(lexeme)::tsquery AS query
    FROM unnest(tsvector_to_array(to_tsvector('english', :question))) AS lexeme
), hits AS MATERIALIZED (
    SELECT chunks.id, lexeme, ts_rank('{0.1, 0.1, 0.1, 1}', tsv, query, 1) AS rank
    FROM lexemes JOIN chunks ON tsv @@ query
), weights AS MATERIALIZED (
    SELECT lexeme, ln(1 + (total - count(hits.id) + 0.5) / (count(hits.id) + 0.5)) AS idf
    FROM lexemes LEFT JOIN hits USING (lexeme), (SELECT count(DISTINCT id) AS total FROM hits) AS all_hits
    GROUP BY lexeme, total
)
SELECT id, sum(rank * idf) / (SELECT sum(idf) FROM weights) AS score
FROM hits JOIN weights USING (lexeme)
GROUP BY id ORDER BY score DESC, id LIMIT :k
"""
"""Full-text search for any of the question's lexemes; rare ones weigh more.

`ts_rank` alone knows no rarity: a sum over single lexemes by their idf among the chunks hit gains 3 points
of recall at rank 1. The score is per idf of the whole question, so that it compares between questions.
The deployed function is this statement with the tenant, generation and source predicates on `chunks`.
"""

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_STOP_WORDS = (
    "a about after all also am an and any are aren't as at be because been before being both but by can can't "
    "could did didn't do does doesn't doing don't for from get give had has have having he her hers him his how "
    "i i'd i'll i'm i've if in into is isn't it it's its just let like may me might more most much must my need "
    "no nor not of off on once one only or other our out over own please same she should so some such tell than "
    "thank thanks that that's the their them then there these they this those through to too under until up us "
    "very want was wasn't we were what what's when where which while who whom whose why will with won't would "
    "you you're your yours hi hello hey name called"
)
_STOP = frozenset(_STOP_WORDS.split())
_SUFFIXES = ("ations", "ation", "ings", "ing", "ies", "ied", "edly", "ed", "es", "ly", "s", "e", "y")
_STEM = 3


def terms(text: str) -> list[str]:
    """The words of a text that carry meaning, in order, case-folded and roughly stemmed."""
    words = (match[0].casefold().replace("’", "'") for match in _WORD.finditer(text))
    return [_stem(word) for word in words if word not in _STOP]


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _STEM:
            return word.removesuffix(suffix)
    return word
