"""An agent's draft in the person's editor, or in the console where there is none."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from console.domain.agent import AgentDraft
from console.editor import edit, editor_command
from console.errors import ConsoleError, UsageError
from console.ids import AgentId
from console.services.agent_toml import from_toml, printable, to_toml
from console.tui.kept_text import KeptText
from console.tui.modals.document import DocumentModal

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

Outside = Callable[[str], Awaitable[str]]


async def edit_draft(app: ConsoleApp, id: AgentId) -> AgentDraft | None:
    """Edit the draft of this agent and save it; None when it is left as it is. Raises what reading it raises."""
    draft = await app.services.agents.draft(app.actor, id)
    editing = _Editing(app, draft)
    left = await asyncio.to_thread(editing.kept.read)
    if left is not None:
        return await editing.here(left, notice="your text of the last time, not saved yet; ctrl+n begins anew")
    outside = editor_of(app)
    return await (editing.here(editing.before) if outside is None else editing.there(outside))


class _Editing:
    """One edit of one draft."""

    def __init__(self, app: ConsoleApp, draft: AgentDraft) -> None:
        self._app = app
        self._services, self._actor, self._agent = app.services, app.actor, draft.agent
        self.before = to_toml(draft.settings, draft.agent.slug, draft.agent.draft_revision)
        self.kept = KeptText(app.options.drafts, app.actor, draft.agent.id)

    async def here(self, text: str, *, trouble: ConsoleError | None = None, notice: str = "") -> AgentDraft | None:
        """In a pane of the console."""
        title = f"Draft of {self._agent.name}, revision {self._agent.draft_revision}"
        pane = DocumentModal(
            title, printable(text), self.save, self.kept, fresh=self.before, trouble=trouble, notice=notice,
            outside=editor_of(self._app),
        )  # fmt: skip
        return await self._app.push_screen_wait(pane)

    async def there(self, outside: Outside) -> AgentDraft | None:
        """In the person's editor; what can't be saved as it comes back is shown in the pane."""
        text = self.before
        try:
            text = await outside(text)
            if text == self.before:
                return None
            await asyncio.to_thread(self.kept.keep, text)
            saved = await self.save(text)
            await asyncio.to_thread(self.kept.forget)
        except ConsoleError as error:
            return await self.here(text, trouble=error)
        return saved

    async def save(self, text: str, over: bool = False) -> AgentDraft:
        """Save the document; `over` what somebody else has saved since it was read."""
        edited = from_toml(text)
        revision = self._agent.draft_revision if edited.revision is None else edited.revision
        if over:
            now = await self._services.agents.draft(self._actor, self._agent.id)
            revision = now.agent.draft_revision
        return await self._services.agents.edit(self._actor, self._agent.id, edited.settings, revision=revision)


def editor_of(app: ConsoleApp) -> Outside | None:
    """The way to the person's editor, or None where there is none or the terminal can't be given away."""
    driver = app._driver  # noqa: SLF001 - Textual keeps it there
    if app.is_headless or driver is None or not driver.can_suspend:
        return None
    try:
        editor_command()
    except UsageError:
        return None

    async def outside(text: str) -> str:
        editing = asyncio.create_task(asyncio.to_thread(edit, text), name="editor")
        # an error that passes through `suspend` would leave the terminal as it is
        with app.suspend():
            # leases are renewed meanwhile, and ctrl+c belongs to the editor
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
            await asyncio.wait([editing])
            app.leaving.on_signals()
        return await editing

    return outside
