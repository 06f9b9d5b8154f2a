"""What a visitor's words ask for beside their question: a person; and one spelling for one question."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 2000

_ARTICLE = r"(?:(?:a|an|the|your|any|some|one of your|another|someone,?) )?"
_REAL = r"(?:real|live|actual|human|living|proper)"
_HUMAN = (
    rf"{_ARTICLE}(?:(?:{_REAL} )+(?:person|persson|persn|peson|human|being|agent|agnet|rep|representative|operator"
    r"|people|support|chat|one|customer service|customer support)"
    r"|humans?|humna|huamn|hunam|humen|humans? being|repres[ei]n[ti]?[ta]t[ai]?ti?ves?|represenative"
    r"|(?:customer|support|sales) (?:service )?(?:agent|rep|representative|person))"
)
_STAFF = (
    rf"{_ARTICLE}(?:person|persson|persn|peson|people|someone|somebody|agents?|agnet|reps?|(?:op|opp)erators?|staff"
    r"|(?:senior )?(?:manager|manger|supervis[eo]r)|advis[eo]r|specialist|boss|employee"
    r"|(?:customer|support|sales|service) (?:service|support|care|team|staff|department)|support"
    r"|(?:member|someone) (?:of|from|in|on) (?:your |the )?(?:support |sales )?(?:team|staff)|(?:team|staff) member"
    r"|(?:someone|somebody|people) (?:from|in|at) (?:customer )?(?:support|service|sales|billing))"
)
_ANY = rf"(?:{_HUMAN}|{_STAFF})"
_NOT_A_PERSON = (
    r"(?! (?:form|page|address|e-?mails?|api|tokens?|accounts?|bots?|plans?|portal|software|tab|settings?|screen|seats?"
    r"|dashboard|inbox|roles?|permissions?|status|capacity|names?|profile|list|limits?|pack|section)\b)"
)
_OVER = r"(?:over|through|thru|on|up)?"
_ENDS = r"(?=$| (?:please|pls|plz|now|to|who|that|not|instead|asap|here|for help|and|right|immediately|thanks|with))"
_PATTERNS = (
    rf"(?:talk|tlak|takl|speak|spaek|speek|chat)(?:ing)? (?:directly )?(?:to|with|w) {_ANY}{_NOT_A_PERSON}",
    rf"(?:connect|transfer|put|pass|hand|forward|switch|redirect|escalate|direct)(?: (?:me|this|it|us))?"
    rf" ?{_OVER} ?(?:to|with) {_ANY}{_NOT_A_PERSON}",
    rf"(?:get|give|find|bring|send|fetch|page|summon)(?: me| us| hold of| in touch with) (?:to |with )?{_ANY}{_NOT_A_PERSON}",
    rf"(?:want|need|wanna|like|prefer|demand|require|wish for|waiting for|get|have) {_HUMAN}{_NOT_A_PERSON}{_ENDS}",
    rf"(?:i|we)(?:'d| would| just| really| only)* (?:want|need|like|prefer|demand|require)"
    rf" {_STAFF}{_NOT_A_PERSON}(?=$| (?:please|pls|plz|now|instead|asap|here|right|immediately|thanks|to (?:help|call|talk|speak)))",
    rf"(?:contact|reach|call|ask for) {_HUMAN}{_NOT_A_PERSON}",
    rf"(?:how (?:can|do) i|i (?:want|need|would like) to|let me|can i|could i|may i)"
    rf" (?:contact|reach|call|get|see|message) {_ANY}{_NOT_A_PERSON}{_ENDS}",
    rf"(?:is|are) there {_ANY} (?:i can|there|here|available|to (?:talk|speak|chat)|who can)",
    r"is (?:anyone|anybody|someone|somebody) (?:real )?(?:there|here|available)",
    rf"(?:can|could|may|will|would) (?:{_HUMAN}|someone|somebody|an agent|a person|a manager|a supervisor|your manager)"
    r" (?:please )?(?:help|call|contact|assist|take over|talk|speak|answer|reply|get back|ring|phone)",
    r"have (?:someone|somebody|an agent|a person|a human|a manager|your manager) (?:call|contact|ring|phone|help|get back)",
    rf"{_HUMAN},? (?:please|pls|plz|now|not (?:a |an |this |some )?(?:ro)?(?:bot|machine|ai|computer))",
    r"(?:not|no|stop|without|instead of|rather than) (?:talking to |with )?(?:a |an |the |this |these )?"
    rf"(?:ro|chat)?(?:bots?|machines?|ai|computers?)\b.{{0,40}}\b{_ANY}$",
    rf"(?:don't|dont|do not) (?:want|wanna|like)(?: to)? (?:talk|speak|chat)(?:ing)? (?:to|with) (?:a |an |the |this )?"
    r"(?:ro|chat)?(?:bot|machine|ai|computer)",
    r"(?:speak|talk) (?:in person|on the phone with someone|over the phone)",
    r"escalate (?:this|it|my (?:case|issue|problem|ticket|complaint))",
)
_ASKS = re.compile(
    "|".join(rf"\b{pattern}\b" if not pattern.endswith(")") else rf"\b{pattern}" for pattern in _PATTERNS)
)
_CALLS = re.compile(
    rf"(?:(?:hi|hello|hey|ok|please|pls|plz|just|no) )*(?:{_HUMAN}|agent|operator|representative|person|manager|supervisor"
    r"|customer (?:service|support)|talk to (?:me|us) in person)(?: (?:please|pls|plz|now|asap|help|thanks|thank you))*"
)

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'"})
_PUNCTUATION = re.compile(r"[^\w\s'%$€£+#./@&-]|(?<!\w)['./-]+|['./-]+(?!\w)|_+")
_PREFIX = re.compile(
    r"(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|there|team|all|guys|excuse me|sorry|please|pls|plz"
    r"|ok|okay|so|well|um|quick question|question|i have a question|just wondering|i (?:was wondering|wonder)"
    r"|(?:can|could|would|will) (?:you|u|someone|anyone)(?: please| kindly)? (?:tell|explain to|show|help|let) me"
    r"|tell me|do you know|i(?:'d| would) (?:like|love) to know|i (?:want|need) to know|know|if|whether|about) )+"
)
_SUFFIX = re.compile(r"(?: (?:please|pls|plz|thanks|thank you|thx|ty|cheers|many|so much|in advance))+$")


def asks_for_person(text: str) -> bool:
    """Whether a visitor asks to be given to a person, in usual English wordings and some misspelt ones."""
    words = _plain(text[:_LONGEST])
    return bool(_ASKS.search(words) or _CALLS.fullmatch(words))


def normalise_question(text: str) -> str:
    """One spelling for one question: letter case, Unicode form, punctuation, greetings and thanks go."""
    words = _plain(text)
    start = _PREFIX.match(words)
    bare = _SUFFIX.sub("", words[start.end() :] if start else words)
    return bare or words


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    return " ".join(_PUNCTUATION.sub(" ", folded).split())
