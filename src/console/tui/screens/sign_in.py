"""Who sits here: e-mail, password and, where it is asked for, a code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from console.errors import CodeNeededError, ConsoleError, NotSignedInError
from console.resources import resource
from console.text import one_line
from console.tui import crash
from console.tui.present.tone import TONES, toned
from console.tui.widgets.top_bar import OneLine
from console.tui.widgets.words import Words
from console.tui.working import start

Enter = Callable[[str, str, str | None], Awaitable[str]]
"""Signs in with e-mail, password and code; returns where the session is kept, in words. Raises as `Auth.login`."""


class _Secret(Input):
    """A field whose text never goes to the clipboard."""

    def action_copy(self) -> None:
        """Not from here."""

    def action_cut(self) -> None:
        """Not from here."""


class SignInScreen(Screen[str | None]):
    """Gives back where the session is kept, or None when nobody signed in."""

    CSS_PATH = resource("styles") / "sign_in.tcss"
    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONES)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c,ctrl+q", "leave", "Leave", priority=True),
        # at once, before the next key is given to a field: who types fast, or a program, waits for nothing
        Binding("tab,down", "step(1)", "Next", show=False, priority=True),
        Binding("shift+tab,up", "step(-1)", "Before", show=False, priority=True),
        Binding("enter", "enter", "Sign in", show=False, priority=True),
    ]

    def __init__(self, enter: Enter, why: str = "", email: str = "") -> None:
        super().__init__()
        self._enter = enter
        self._why = why
        self._email = email
        self._busy = self._code_needed = False

    def compose(self) -> ComposeResult:
        """The fields, what there is to say, the keys."""
        yield Static(toned(" console   sign in", "quiet"), id="top", markup=False)
        with Vertical(classes="card"):
            yield Static(toned("Sign in", "strong"), markup=False)
            yield from _field("E-mail", Words("", id="email"))
            yield from _field("Password", _Secret(password=True, id="password", compact=True))
            yield from _field("Code", _Secret(id="code", compact=True))
            yield OneLine(id="told")
            yield Static(id="hint", markup=False)
            yield Static(toned("enter signs in   tab next field   esc leaves", "quiet"), markup=False)

    def on_mount(self) -> None:
        """Begin where something is missing."""
        self._tell(self._why, "quiet")
        self._input("email").value = self._email
        self._input("password" if self._email else "email").focus()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        missing = [name for name in self._asked if not self._input(name).value]
        if missing:
            self._input(missing[0]).focus()
        elif not self._busy:
            self._busy = True
            self._tell("signing in …", "quiet")
            start(self, "sign in", self._try)

    def action_leave(self) -> None:
        """Sign in another time."""
        self.dismiss(None)

    def action_step(self, by: int) -> None:
        """To the next field, or the one before."""
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_enter(self) -> None:
        """From the e-mail on to the password; elsewhere the field itself tells, after all that was typed into it."""
        if self.focused is not self._input("email"):
            raise SkipAction
        self.set_focus(self._input("password"))

    @property
    def _asked(self) -> tuple[str, ...]:
        return ("email", "password", "code") if self._code_needed else ("email", "password")

    async def _try(self) -> None:
        email, password, code = (self._input(name).value for name in ("email", "password", "code"))
        try:
            kept = await self._enter(email, password, code or None)
        except CodeNeededError as error:
            self._code_needed = True
            self.add_class("-code")
            self._again("code", error.message, "from your app, or a recovery code", "quiet")
        except NotSignedInError as error:
            self.add_class("-code")  # who must wait is not asked, and may give a recovery code
            self._again(self._asked[-1], error.message, error.hint or "")
        except ConsoleError as error:
            self._tell(error.message, "now", error.hint or "")
        except Exception as error:
            self._tell(f"something went wrong; incident {crash.incident(error)} is in the log", "now")
        else:
            self.dismiss(kept)
        finally:
            self._busy = False

    def _again(self, name: str, why: str, hint: str, tone: str = "now") -> None:
        """One field to fill anew."""
        self._input(name).value = ""
        self._input(name).focus()
        self._tell(why, tone, hint)

    def _tell(self, text: str, tone: str, hint: str = "") -> None:
        self.query_one("#told", OneLine).show(toned(one_line(text), tone))
        self.query_one("#hint", Static).update(toned(one_line(hint), "quiet"))

    def _input(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)


def _field(label: str, input: Input) -> ComposeResult:
    with Horizontal(classes="field", id=f"{input.id}-field"):
        yield Static(toned(label, "quiet"), markup=False)
        yield input
