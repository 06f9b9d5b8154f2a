"""What the demo's staff works with: replies that are kept ready, and labels by the page that a visitor came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from console.clock import set_back
from console.domain.actor import Actor
from console.services import Services


@dataclass(frozen=True, slots=True)
class Reply:
    """A canned reply."""

    shortcut: str
    title: str
    content: str


_WAIT = Reply(
    "wait",
    "Still looking",
    "Sorry to keep you waiting, {visitor}. I'm looking into it now and write again in a minute.",
)
_BYE = Reply(
    "bye", "Close the talk", "Glad that's settled, {visitor}! {agent} answers here at any time, and so do we. {me}"
)

REPLIES: Mapping[str, tuple[Reply, ...]] = {
    "acme-retail": (
        Reply(
            "order-id",
            "Ask for the order",
            "Hi {visitor}, this is {me}. Could you send me your username, your e-mail address and the order ID?",
        ),
        Reply(
            "return-label",
            "Return by mail",
            "Hi {visitor}, for a return by mail I need your full address: street and number, city, state and zip code."
            " You print out the shipping label then and stick it on the parcel.",
        ),
        Reply(
            "late-parcel",
            "Marked as delivered, not there",
            "I'm sorry, {visitor}. A parcel is sometimes marked as delivered too early: please wait until 7 days are"
            " over. If it isn't there by then, we ship it again.",
        ),
        _WAIT,
        _BYE,
    ),
    "helpdesk-docs": (
        Reply(
            "version",
            "Ask for the version",
            "Hi {visitor}, this is {me}. Which version do you run, and how is it deployed: Docker, a Linux VM,"
            " Kubernetes?",
        ),
        Reply(
            "logs",
            "Ask for the logs",
            "Could you send the last hundred lines of the web and worker logs? Please take out tokens and addresses"
            " before you do.",
        ),
        Reply(
            "backup",
            "Before an upgrade",
            "Before you upgrade, {visitor}: make a backup of the database and of the attachments, and check that it can"
            " be restored.",
        ),
        _WAIT,
        _BYE,
    ),
}
LABELS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "acme-retail": {
        "order": ("orders", "shipping", "cart"),
        "return": ("returns",),
        "payment": ("checkout", "subscription"),
        "account": ("account", "login", "membership"),
    },
    "helpdesk-docs": {
        "install": ("self-hosted/deployment", "self-hosted/faq"),
        "running it": ("self-hosted",),
        "developer": ("cli", "api-reference", "contributing-guide"),
        "sales": ("pricing", "introduction", "security", "status"),
    },
}
"""Each label with the pages it is for; the first that fits counts."""


def labels_for(slug: str, path: str) -> tuple[str, ...]:
    """The label of a conversation that began on this page, `path` below the site; none where none fits."""
    path = path.strip("/")
    fits = (label for label, pages in LABELS[slug].items() if any(f"{path}/".startswith(f"{page}/") for page in pages))
    return tuple(fits)[:1]


async def lay_out(services: Services, slug: str, admin: Actor, begins: datetime) -> None:
    """Give the staff of a workspace labels and replies as the past begins; one that has replies keeps its own."""
    if await services.canned.all(admin):
        return
    with set_back(begins):
        for name in LABELS[slug]:
            await services.labels.create(admin, name)
        for reply in REPLIES[slug]:
            await services.canned.save(admin, reply.shortcut, title=reply.title, content=reply.content)
