"""`console doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import ExitCode

if TYPE_CHECKING:
    from console.doctor.finding import Finding


def register(noun: Parser) -> None:
    """Add the arguments of `console doctor`."""
    noun.handled_by(
        _doctor,
        examples=[
            ("console doctor", "one line for each dependency; exit code 1 when one fails"),
            ("console doctor --json", "the same for a program"),
        ],
    )


async def _doctor(call: Call) -> int:
    from console.doctor.examine import examine

    findings = []
    async for finding in examine(lambda: call.config):
        findings.append(finding)
        if not call.out.json:
            _print(call, finding)
    ok = all(finding.ok for finding in findings)
    if call.out.json:
        call.out.data({"ok": ok, "checks": [_plain(finding) for finding in findings]})
    return ExitCode.OK if ok else ExitCode.REFUSED


def _print(call: Call, finding: Finding) -> None:
    mend = f"  (try: {finding.hint})" if finding.hint else ""
    call.out.text(f"{finding.level:5} {finding.name:18} {finding.detail}{mend}")


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "name": finding.name,
        "ok": finding.ok,
        "level": finding.level.lower(),
        "detail": finding.detail,
        "hint": finding.hint or None,
    }
