"""Use cases, one area a file: they hold the rules and own the transaction."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.addresses import Reach
    from console.ai.embedder import Embedder
    from console.db.engine import Database
    from console.domain.model import ModelDefaults
    from console.seal import Seal
    from console.services.account import Account
    from console.services.agents import Agents
    from console.services.answering import Answering
    from console.services.asking import Asking
    from console.services.auth import Auth
    from console.services.bulk import Bulk
    from console.services.canned import Canned
    from console.services.ceilings import Ceilings
    from console.services.conversations import Conversations
    from console.services.crawls import Crawls
    from console.services.credentials import Credentials
    from console.services.curated import Curated
    from console.services.drafts import Drafts
    from console.services.gaps import Gaps
    from console.services.inbox import Inbox
    from console.services.labels import Labels
    from console.services.leads import Leads
    from console.services.live import Live
    from console.services.members import Members
    from console.services.messages import Messages
    from console.services.models import Models
    from console.services.my_workspaces import MyWorkspaces
    from console.services.notifications import Notifications
    from console.services.origins import Origins
    from console.services.overviews import Overviews
    from console.services.presence import Presence
    from console.services.review import Review
    from console.services.search import Search
    from console.services.sources import Sources
    from console.services.takeover import Takeover
    from console.services.triage import Triage
    from console.services.usage import Usage
    from console.services.versions import Versions
    from console.services.visitors import Visitors
    from console.services.workspaces import Workspaces


class Services:
    """Every use case over one database, each imported when it is first used: a short command pays for its own only."""

    def __init__(
        self,
        db: Database,
        direct_url: str | None = None,
        seal: Seal | None = None,
        model_defaults: Callable[[], ModelDefaults] | None = None,
        fetch_private: str = "",
        source_folders: str = "",
    ) -> None:
        """`direct_url` reaches the same server past a pooler, to listen on; `seal` keeps secrets at rest.

        `fetch_private` names what pages may be fetched from besides the open internet, `source_folders` what files
        may be read from.
        """
        self.db = db
        self._direct_url = direct_url or db.url
        self._seal = seal
        self._model_defaults = model_defaults
        self._fetch_private = fetch_private
        self._source_folders = source_folders

    @cached_property
    def auth(self) -> Auth:
        """Sign-in."""
        from console.services.auth import Auth

        return Auth(self.db, self._seal)

    @cached_property
    def account(self) -> Account:
        """A person's own sign-in."""
        from console.services.account import Account

        return Account(self.db, self._seal)

    @cached_property
    def workspaces(self) -> Workspaces:
        """Workspaces."""
        from console.services.workspaces import Workspaces

        return Workspaces(self.db)

    @cached_property
    def my_workspaces(self) -> MyWorkspaces:
        """All workspaces of a person."""
        from console.services.my_workspaces import MyWorkspaces

        return MyWorkspaces(self.db, self.models)

    @cached_property
    def members(self) -> Members:
        """Members of a workspace."""
        from console.services.members import Members

        return Members(self.db)

    @cached_property
    def agents(self) -> Agents:
        """Agents and their drafts."""
        from console.services.agents import Agents

        return Agents(self.db)

    @cached_property
    def versions(self) -> Versions:
        """Publish and roll back."""
        from console.services.versions import Versions

        return Versions(self.db, self.embedder)

    @cached_property
    def origins(self) -> Origins:
        """Web pages that may talk with an agent."""
        from console.services.origins import Origins

        return Origins(self.db)

    @cached_property
    def inbox(self) -> Inbox:
        """The list of conversations."""
        from console.services.inbox import Inbox

        return Inbox(self.db)

    @cached_property
    def conversations(self) -> Conversations:
        """One conversation: what it says and why."""
        from console.services.conversations import Conversations

        return Conversations(self.db)

    @cached_property
    def takeover(self) -> Takeover:
        """Who speaks."""
        from console.services.takeover import Takeover

        return Takeover(self.db)

    @cached_property
    def triage(self) -> Triage:
        """How soon each one needs a person."""
        from console.services.triage import Triage

        return Triage(self.db)

    @cached_property
    def bulk(self) -> Bulk:
        """One act on many conversations."""
        from console.services.bulk import Bulk

        return Bulk(self.db)

    @cached_property
    def messages(self) -> Messages:
        """What an operator says."""
        from console.services.messages import Messages

        return Messages(self.db)

    @cached_property
    def drafts(self) -> Drafts:
        """What an operator has typed and not sent."""
        from console.services.drafts import Drafts

        return Drafts(self.db)

    @cached_property
    def labels(self) -> Labels:
        """Words that conversations are marked with."""
        from console.services.labels import Labels

        return Labels(self.db)

    @cached_property
    def canned(self) -> Canned:
        """Words that the staff keeps ready."""
        from console.services.canned import Canned

        return Canned(self.db)

    @cached_property
    def notifications(self) -> Notifications:
        """What one person should know of."""
        from console.services.notifications import Notifications

        return Notifications(self.db)

    @cached_property
    def overviews(self) -> Overviews:
        """A workspace at a glance."""
        from console.services.overviews import Overviews

        return Overviews(self.db)

    @cached_property
    def presence(self) -> Presence:
        """Who is where, and who types."""
        from console.services.presence import Presence

        return Presence(self.db, uuid4())

    @cached_property
    def leads(self) -> Leads:
        """Who left an address."""
        from console.services.leads import Leads

        return Leads(self.db)

    @cached_property
    def live(self) -> Live:
        """What changes, as it changes."""
        from console.services.live import Live

        return Live(self.db, self._direct_url)

    @cached_property
    def sources(self) -> Sources:
        """Where knowledge comes from."""
        from console.services.sources import Sources

        return Sources(self.db, self.reach)

    @cached_property
    def crawls(self) -> Crawls:
        """Crawls under way."""
        from console.services.crawls import Crawls

        return Crawls(self.db, self.embedder, self.models, self.reach)

    @cached_property
    def reach(self) -> Reach:
        """Where pages may be fetched from; `UsageError` for a setting that can't be read."""
        from console.addresses import Reach

        return Reach.parse(self._fetch_private, self._source_folders)

    @cached_property
    def embedder(self) -> Embedder:
        """The embedding model: the packaged one, loaded with its first text."""
        from console.ai.embedder import MiniLm

        return MiniLm()

    @cached_property
    def models(self) -> Models:
        """Which models are in force."""
        from console.domain.model import ModelDefaults
        from console.services.models import Models

        return Models(self.db, self._seal, self._model_defaults or ModelDefaults)

    @cached_property
    def credentials(self) -> Credentials:
        """Keys of other services."""
        from console.services.credentials import Credentials

        return Credentials(self.db, self._seal)

    @cached_property
    def search(self) -> Search:
        """What an agent finds."""
        from console.services.search import Search

        return Search(self.db, self.embedder, models=self.models)

    @cached_property
    def answering(self) -> Answering:
        """What an agent says."""
        from console.services.answering import Answering

        return Answering(self.search, self.embedder, self.models)

    @cached_property
    def asking(self) -> Asking:
        """Questions outside conversations."""
        from console.services.asking import Asking

        return Asking(self.db, self.answering)

    @cached_property
    def gaps(self) -> Gaps:
        """What the knowledge lacks."""
        from console.services.gaps import Gaps

        return Gaps(self.db, self.embedder)

    @cached_property
    def review(self) -> Review:
        """What is done about gaps."""
        from console.services.review import Review

        return Review(self.db, self.embedder)

    @cached_property
    def curated(self) -> Curated:
        """What admins answered once."""
        from console.services.curated import Curated

        return Curated(self.db)

    @cached_property
    def usage(self) -> Usage:
        """What was used."""
        from console.services.usage import Usage

        return Usage(self.db)

    @cached_property
    def ceilings(self) -> Ceilings:
        """How much may be used."""
        from console.services.ceilings import Ceilings

        return Ceilings(self.db)

    @cached_property
    def visitors(self) -> Visitors:
        """The visitor's side; its database is the gateway's."""
        from console.services.visitors import Visitors

        return Visitors(self.db)
