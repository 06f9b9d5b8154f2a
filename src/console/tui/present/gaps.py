"""A gap in its queue, and in full."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from textual.content import Content

from console.clock import ago
from console.domain.gap import AskedAgain, DraftOrigin, Gap, GapDetail, GapStatus, GapTrigger, HumanReply
from console.domain.gap_words import gap_reason
from console.domain.trace_words import under
from console.tui.present.row import short_age
from console.tui.present.tone import joined, sides, toned

_ASKED, _AGE, _LABEL = 5, 5, 10
_INDENT = _ASKED + _AGE + 3
_SAID = 12
_DECIDED = {GapStatus.APPROVED: "approved", GapStatus.DISMISSED: "dismissed"}


def gap_row(gap: Gap, width: int, now: datetime) -> tuple[Content, Content]:
    """The two lines of a gap: how often, how old, what; then why it is one, and how far its answer is."""
    many = toned(f"{gap.occurrences:,}x".rjust(_ASKED), "strong" if gap.occurrences > 1 else "quiet")
    age = toned(short_age(gap.last_seen_at, now).rjust(_AGE), "quiet")
    first = Content(" ").join([many, age, Content(" ") + toned(gap.question, "strong")])
    why = joined(_reason(gap), toned(_talks(gap.conversations), "quiet"))
    return first.truncate(width, ellipsis=True), sides(Content(" " * _INDENT) + why, _state(gap), width)


def gap_lines(gap: Gap, detail: GapDetail | None, width: int, now: datetime) -> Content:
    """A gap in full."""
    head = [toned(gap.question, "strong"), joined(_reason(gap), _counts(gap, detail), toned(gap.agent_slug, "quiet"))]
    if gap.status in _DECIDED and gap.reviewed_at is not None:
        head.append(toned(f"{_DECIDED[gap.status]} by {gap.reviewer_name}, {ago(gap.reviewed_at, now)}", "quiet"))
    if detail is None:
        return Content("\n").join([*head, Content(""), toned("reading the gap …", "quiet")])
    return Content("\n").join([*head, Content(""), *_parts(detail, width, now)])


def again_line(again: AskedAgain, agent: str) -> Content:
    """What came of asking again, and the way to visitors."""
    said = f"asked again: {again.answered:,} of {again.asked:,} answered from the draft"
    missed = f"not “{again.failed[0]}”" if again.failed else ""
    way = joined(toned("P", "mine"), toned(f"publish v{again.next_version} of {agent}", "quiet"), gap=" ")
    return joined(toned(said, "soon" if again.failed else "fine"), toned(missed, "soon"), way)


def empty_gaps(tab: str) -> Content:
    """Why there is nothing in a tab, and the next key."""
    words = {
        "open": ("No gaps: nothing was asked in vain.", "f on an answer in a conversation flags it as one"),
        "drafted": ("No draft waits for an admin.", "i on a gap writes its answer"),
        "approved": ("Nothing is approved yet.", "y on a drafted gap approves it"),
        "dismissed": ("Nothing is dismissed.", "x on a gap says that it is none"),
    }
    title, hint = words[tab]
    return toned(f"{title}\n", "strong") + toned(hint, "quiet")


def reply_words(reply: HumanReply, now: datetime) -> str:
    """Whose reply it is, and of when."""
    return f"from {reply.author_name or 'a person'}'s reply, {ago(reply.created_at, now)}"


def _reason(gap: Gap) -> Content:
    known = gap.answered or gap.trigger in {GapTrigger.FLAGGED, GapTrigger.THUMBS_DOWN}
    return toned(gap_reason(gap), "mine" if known else "soon")


def _state(gap: Gap) -> Content:
    if gap.status is GapStatus.DRAFTED:
        return toned("draft ready", "fine")
    if gap.status in _DECIDED:
        return toned(f"{_DECIDED[gap.status]} by {gap.reviewer_name}" if gap.reviewer_name else gap.status, "quiet")
    return Content("")


def _talks(count: int) -> str:
    return "1 conversation" if count == 1 else f"{count:,} conversations"


def _counts(gap: Gap, detail: GapDetail | None) -> Content:
    if detail is None:
        return toned(_talks(gap.conversations), "quiet")
    who = "1 visitor" if detail.visitors == 1 else f"{detail.visitors:,} visitors"
    return toned(f"{_talks(gap.conversations)}, {who}", "quiet")


def _parts(detail: GapDetail, width: int, now: datetime) -> Iterator[Content]:
    more = len(detail.questions) - _SAID
    for place, question in enumerate(detail.questions[:_SAID]):
        yield _labelled("said" if place == 0 else "", Content(f"“{question}”"), width)
    if more > 0:
        yield _labelled("", toned(f"{more:,} more", "quiet"), width)
    yield Content("")
    yield from _answer(detail, width, now)
    for place, near in enumerate(detail.near):
        title = under(near.title, near.heading)
        score = toned(f"{near.score:.2f}" if near.score is not None else "", "quiet")
        yield _labelled("near" if place == 0 else "", joined(Content(title), score), width)
    for place, alike in enumerate(detail.similar):
        what = joined(
            Content(f"“{alike.question}”"), toned(f"{alike.occurrences:,}x", "quiet"),
            toned(f"{alike.similarity:.2f} alike", "quiet"),
            toned("" if alike.status is GapStatus.OPEN else alike.status, "quiet"),
        )  # fmt: skip
        yield _labelled("maybe the same" if place == 0 else "", what, width)
    yield from _talk_lines(detail, width, now)


def _answer(detail: GapDetail, width: int, now: datetime) -> Iterator[Content]:
    gap, curated = detail.gap, detail.curated
    if curated is not None and gap.status is GapStatus.APPROVED:
        yield _labelled("answer", Content(curated.answer), width)
        hits = f"{curated.hits:,} visitors answered" if curated.hits else "no visitor has met it yet"
        yield _labelled("", toned(hits, "quiet"), width)
    elif gap.draft:
        origin = "from a person's reply" if gap.draft_origin is DraftOrigin.REPLY else "written by hand"
        when = f", {ago(gap.drafted_at, now)}" if gap.drafted_at else ""
        yield _labelled("draft", Content(gap.draft), width)
        yield _labelled("", toned(f"{origin}{when}", "quiet"), width)
        if curated is not None:
            yield _labelled(
                "", toned("asked in other words since, or flagged: y approves it for them too", "soon"), width
            )
    else:
        yield _labelled("draft", toned("none yet: i writes it", "quiet"), width)
        for reply in detail.replies[:1]:
            yield _labelled("reply", toned(reply.content, "spoken"), width)
            yield _labelled("", toned(f"{reply_words(reply, now)}; i begins with it", "quiet"), width)
    yield Content("")


def _talk_lines(detail: GapDetail, width: int, now: datetime) -> Iterator[Content]:
    yield Content("")
    yield toned("asked in, enter opens one", "quiet")
    for one in detail.occurrences[:_SAID]:
        left = joined(toned(ago(one.created_at, now).rjust(7), "quiet"), Content(one.visitor_name))
        yield joined(left, toned(f"“{one.question}”", "quiet")).truncate(width, ellipsis=True)


def _labelled(label: str, value: Content, width: int) -> Content:
    """A label before wrapped lines; a long one stands on a line of its own."""
    room = max(20, width - _LABEL)
    lines = [line for part in value.split("\n", allow_blank=True) for line in (part.wrap(room) if part else [part])]
    indent = Content(" " * _LABEL)
    if len(label) >= _LABEL:
        return Content("\n").join([toned(label, "quiet"), *(indent + line for line in lines)])
    first = toned(label.ljust(_LABEL), "quiet") if label else indent
    return Content("\n").join([first + lines[0], *(indent + line for line in lines[1:])]) if lines else first
