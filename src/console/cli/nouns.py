"""The nouns of the command line: one line each, in the order in which help shows them."""

from __future__ import annotations


class Noun:
    """A word after `console`: its module is `console.cli.<name>`, read only when the word is used."""

    # No dataclass: what that imports would double the time of `console --help`.
    __slots__ = ("area", "name", "summary")

    def __init__(self, name: str, area: str, summary: str) -> None:
        self.name = name
        self.area = area
        self.summary = summary


NOUNS = (
    Noun("demo", "Begin", "everything on this machine, with two workspaces and visitors arriving"),
    Noun("init", "Begin", "the first workspace of a server, its owner and agent"),
    Noun("login", "Begin", "sign in"),
    Noun("logout", "Begin", "end the session"),
    Noun("whoami", "Begin", "who is signed in, where, with which role"),
    Noun("session", "People", "where you are signed in: list, revoke"),
    Noun("workspace", "People", "your workspaces: list, show, create, switch"),
    Noun("conv", "Conversations", "conversations: read, claim, send, note, flag, label, assign, snooze, resolve, why"),
    Noun("gap", "Conversations", "what visitors asked in vain: list, show, draft, approve, dismiss, merge, undo"),
    Noun("curated", "Conversations", "answers given word for word: list, show, add, edit, remove"),
    Noun("lead", "Conversations", "who left an address: list, as a table, JSON or CSV"),
    Noun("label", "Conversations", "labels of conversations: list, create, rename, remove"),
    Noun("canned", "Conversations", "replies to insert by their shortcut: list, show, add, edit, remove"),
    Noun("notification", "Conversations", "what you should know of: list, read"),
    Noun("user", "People", "add a person; your own password, codes at sign-in, recovery codes"),
    Noun("member", "People", "who belongs to the workspace"),
    Noun("agent", "Agents", "agents: list, show, create, edit, diff, publish, rollback, versions"),
    Noun("chat", "Agents", "be a visitor in the terminal, through the gateway"),
    Noun("gateway", "This machine", "serve visitors over HTTP"),
    Noun("db", "This machine", "the schema, and the proof that no workspace sees another"),
    Noun("source", "Knowledge", "the files and folders that agents learn from"),
    Noun("search", "Knowledge", "what an agent finds for a question, and why not something else"),
    Noun("ask", "Knowledge", "what an agent would answer, with citations and confidence"),
    Noun("usage", "Usage", "what was used: answers, handoffs, tokens, cost, latency"),
    Noun("quota", "Usage", "how much is left: check it in a script, set your own limits"),
    Noun("cost", "Usage", "what models cost, by model and agent"),
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
