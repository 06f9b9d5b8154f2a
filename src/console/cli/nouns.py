"""The nouns of the command line: one line each, in the order in which help shows them."""

from __future__ import annotations

from typing import NamedTuple


class Noun(NamedTuple):
    """A word after `console`: its module is `console.cli.<name>`, read only when the word is used."""

    name: str
    area: str
    summary: str


NOUNS = (
    Noun("demo", "Begin", "everything on this machine, with two workspaces and visitors arriving"),
    Noun("init", "Begin", "the first workspace of a server, its owner and agent"),
    Noun("login", "Begin", "sign in"),
    Noun("logout", "Begin", "end the session"),
    Noun("whoami", "Begin", "who is signed in, where, with which role"),
    Noun("session", "People", "where you are signed in: list, revoke"),
    Noun("workspace", "People", "your workspaces: list, create, switch"),
    Noun("conv", "Conversations", "conversations: read them, claim, send, note, label, assign, snooze, resolve"),
    Noun("gap", "Conversations", "what visitors asked in vain"),
    Noun("label", "Conversations", "labels of conversations: list, create, rename, remove"),
    Noun("canned", "Conversations", "replies to insert by their shortcut: list, show, add, edit, remove"),
    Noun("notification", "Conversations", "what you should know of: list, read"),
    Noun("user", "People", "add a person; your own password, codes at sign-in, recovery codes"),
    Noun("member", "People", "who belongs to the workspace"),
    Noun("agent", "Agents", "agents: list, show, create, edit, publish, rollback, versions"),
    Noun("chat", "Agents", "be a visitor in the terminal, through the gateway"),
    Noun("gateway", "This machine", "serve visitors over HTTP"),
    Noun("db", "This machine", "the schema, and the proof that no workspace sees another"),
    Noun("source", "Knowledge", "the files and folders that agents learn from"),
    Noun("search", "Knowledge", "what an agent finds for a question, and why not something else"),
    Noun("ask", "Knowledge", "what an agent would answer, with citations and confidence"),
    Noun("worker", "Processes", "answer visitors and ingest knowledge"),
    Noun("doctor", "This machine", "check every dependency, each with its mend"),
    Noun("paths", "This machine", "where the console keeps its files"),
    Noun("completion", "This machine", "a completion script for bash, zsh or fish"),
)
EXAMPLES = (
    ("console", "open the console"),
    ("console chat --agent help", "talk to an agent as a visitor"),
    ("console paths --json", "any command can print JSON"),
)
