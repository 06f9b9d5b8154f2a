"""What an agent said to a question that was tried on it."""

from __future__ import annotations

from textual.content import Content

from console.domain.usage import dollars
from console.services.asking import Asked
from console.text import SafeText, one_line, sanitise
from console.tui.present.tone import joined, toned


def asked_lines(question: SafeText, asked: Asked) -> Content:
    """Question, answer, what it leans on, how sure it is."""
    answer = asked.answer
    who = f"v{asked.agent_version}" if asked.agent_version else "draft"
    lines = [
        joined(toned("you", "mine"), toned(question, "strong")),
        joined(toned(who, "mine"), Content(sanitise(answer.content))),
        *(
            toned(f"   [{number}] {one_line(cited.title)}  {one_line(cited.uri)}", "quiet")
            for number, cited in enumerate(answer.citations, 1)
        ),
        _verdict(asked),
    ]
    if error := answer.trace.get("error"):
        lines.append(toned(f"   no answer came of it: {one_line(str(error))}", "now"))
    return Content("\n").join(lines)


def _verdict(asked: Asked) -> Content:
    answer = asked.answer
    sure = f"{answer.confidence:.0%}, below {answer.threshold:.0%} a person takes over"
    passed = f"to a person: {answer.reason.replace('_', ' ')}" if answer.reason else ""
    cost = dollars(answer.trace["cost_usd"], 4) if answer.trace.get("cost_usd") else ""
    kind = "" if passed else answer.kind.value
    words = (toned(word, "quiet") for word in (kind, sure, f"{asked.ms:,} ms", cost))
    return Content("   ") + joined(*words, toned(passed, "soon"))
