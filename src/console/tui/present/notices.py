"""Lines and cards that say what is wrong and what to do next."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from console.clock import ago
from console.domain.actor import Role
from console.domain.inbox import InboxFilter
from console.domain.query import parse_query, unknown_words
from console.errors import ConnectionFailedError, ConsoleError
from console.text import SafeText, one_line
from console.tui.present.tone import toned

MIN_WIDTH, MIN_HEIGHT = 60, 18


def too_small() -> Content:
    """The card of a terminal that is too small."""
    return toned("too small\n", "strong") + toned(f"{MIN_WIDTH} columns and {MIN_HEIGHT} lines are enough", "quiet")


def banner_line(trouble: SafeText, since: datetime, now: datetime) -> Content:
    """The line of trouble: what is wrong, since when, and what still works."""
    if not trouble:
        return Content("")
    rest = f" {ago(since, now)} · reading and drafts still work here, sending waits · R tries again"
    return Content(" ") + toned("offline", "now") + toned(rest, "quiet") + toned(f"   {trouble}", "faint")


def outdated_line(migration: SafeText) -> Content:
    """The line of a console that the database's schema has left behind."""
    rest = " than the database · leave with q and start it again; drafts are kept"
    what = toned("this console is older", "now") + toned(rest, "quiet")
    return Content(" ") + what + toned(f"   {migration}", "faint")


def role_refusal(title: str, needs: Role, role: Role) -> str:
    """Why a key does nothing for this role, and what to do next."""
    return f"{title} needs the role {needs.label}, and you are {role.label} here: ask an owner or admin for it"


def error_text(error: ConsoleError) -> SafeText:
    """What happened and what to do next, for a toast."""
    text = f"{error.message}: {error.hint}" if error.hint else error.message
    return one_line(text, 300)


_EMPTY = {
    InboxFilter.WAITING: ("Nobody waits for a person.", "n finds what else is yours · right for the other tabs"),
    InboxFilter.MINE: ("You hold no conversation.", "t on any row takes it over"),
    InboxFilter.AI: ("The assistant has no open conversation.", "right for the other tabs"),
    InboxFilter.HUMAN: ("No conversation is with a person.", "right for the other tabs"),
    InboxFilter.ALL: ("No conversations yet.", "they appear here as visitors write"),
}


def empty_inbox(filter: InboxFilter, text: str) -> Content:
    """Why the list is empty, and the next key."""
    if text:
        return _nothing_found(filter, text)
    why, key = _EMPTY[filter]
    return toned(why + "\n", "strong") + toned(key, "quiet")


def _nothing_found(filter: InboxFilter, text: str) -> Content:
    clears = "esc clears the filter"
    for unknown in unknown_words(text):
        said = f"No {unknown.word} begins with “{one_line(unknown.value, 60)}”.\n"
        return toned(said, "strong") + toned(f"{', '.join(unknown.known)}\n{clears}", "quiet")
    looked_at = "looked at: names, subjects, last words\n" if parse_query(text).text else ""
    said = f"Nothing in {filter.value} matches “{one_line(text, 60)}”.\n"
    return toned(said, "strong") + toned(f"{looked_at}{clears}", "quiet")


def loading(what: str) -> Content:
    """While there is nothing to show yet."""
    return toned(f"reading {what} …", "quiet")


def unreadable(error: ConsoleError) -> Content:
    """Why there is nothing to show, and the next key."""
    return toned(f"{error_text(error)}\n", "now") + toned("R tries again", "quiet")


def news_line(above: int) -> Content:
    """New rows that are not in sight."""
    if not above:
        return Content("")
    return Content(" ") + toned(f"{above} new above", "mine") + toned("  R or g shows them", "quiet")


def not_sent(error: ConsoleError) -> str:
    """Why a message was not sent; the text is still in the composer."""
    if isinstance(error, ConnectionFailedError):
        return "not sent, no connection: draft kept, ctrl+s tries again"
    return one_line(f"not sent: {error.message}; draft kept", 300)


CONNECTED_AGAIN = "connected again, not sent yet: ctrl+s sends it"


def lost_control(holder: SafeText) -> str:
    """Why nothing can be sent any more; the text is still in the composer."""
    who = f"{holder} holds this conversation now" if holder else "you no longer hold this conversation"
    return f"{who}; your draft is kept"
