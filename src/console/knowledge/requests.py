"""What a visitor's words ask for beside their question: a person; and one spelling for one question."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 2000

_A = r"(?:(?:a|an|the|your|any|some|one of your|another|someone|with an?) )?"
_REAL = r"(?:real|live|actual|human|living|proper)"
_PERSON = r"(?:person|persson|persn|peson|people)"
_AGENT = r"(?:agents?|agnet|reps?|repres\w{2,6}tives?|opp?erators?)"
_BOSS = r"(?:(?:senior )?(?:manager|supervis[eo]r)|boss)"
_BOT = r"(?:a |an |the |this |these )?(?:ro|chat)?(?:bots?|machines?|ai|computers?)"
_DESK = r"(?:customer|support|sales|service) (?:service|support|care|team|staff|department)"
_HUMAN = (
    rf"{_A}(?:(?:{_REAL} )+(?:{_PERSON}|{_AGENT}|human|being|support|chat|one|{_DESK})"
    rf"|humans?(?: being)?|humna|huamn|hunam|humen|repres\w{2, 6}tive"
    rf"|(?:customer|support|sales) (?:service )?(?:{_AGENT}|{_PERSON}))\b"
)
_STAFF = (
    rf"{_A}(?:(?:someone|somebody|people|member) (?:of|from|in|on|at) (?:your |the )?"
    r"(?:customer |support |sales )?(?:team|staff|support|service|sales|billing)"
    rf"|{_PERSON}|{_AGENT}|{_BOSS}|{_DESK}|someone|somebody|staff|advis[eo]r|specialist|employee|team member"
    r"|support)\b"
)
_NO_THING = (
    r"(?! (?:form|page|address|e-?mails?|api|tokens?|accounts?|bots?|plans?|portal|software|tab|settings?|seats?"
    r"|screen|dashboard|inbox|roles?|permissions?|status|names?|profile|list|limits?|section)\b)"
)
_ANY = rf"(?:{_HUMAN}|{_STAFF}){_NO_THING}"
_POLITE = r"(?:please|pls|plz|now|asap|instead|immediately|thanks|right now|here|help)"
_ENDS = rf"(?=$| (?:{_POLITE}|to|who|that|not|for|and|with)\b)"
_NOT_ASKED = r"(?<!do i have to )(?<!do i need to )(?<!am i )(?<!was i )"

_PATTERNS = (
    rf"{_NOT_ASKED}\b(?:talk|tlak|takl|speak|spaek|speek|chat)(?:ing)? (?:directly )?(?:to|with|w) {_ANY}",
    rf"\b(?:connect|transfer|put|pass|hand|forward|switch|redirect|direct) (?:me|this|it|us)"
    rf" ?(?:over|through|thru|on)? ?(?:to|with) {_ANY}",
    rf"\b(?:connect|escalate)(?: me| this| it)? (?:to|with) {_ANY}",
    rf"\b(?:get|give|find|bring|send|fetch)(?: me| us| hold of| in touch with) (?:to |with )?{_ANY}{_ENDS}",
    rf"\b(?:want|need|wanna|like|prefer|demand|require|get|have) {_HUMAN}{_NO_THING}{_ENDS}",
    rf"\bi(?:'d| would| just| really| only)* (?:want|need|like|prefer|demand) {_STAFF}{_NO_THING}"
    rf"(?=$| (?:{_POLITE}|not|to (?:help|call|talk|speak))\b)",
    rf"\b(?:contact|reach|call|ask for) {_HUMAN}{_NO_THING}",
    r"\b(?:how (?:can|do) i|i (?:want|need|would like) to|let me|can i|could i|may i)"
    rf" (?:contact|reach|call|see|message) {_ANY}{_ENDS}",
    rf"\b(?:is|are) there {_ANY} (?:i can (?:talk|speak|chat)|there|here|available|to (?:talk|speak|chat))\b",
    r"\bis (?:anyone|anybody|someone|somebody) (?:real )?(?:there|here|available)\b",
    rf"\b(?:can|could|will|would) (?:{_HUMAN}|an? {_AGENT}|an? {_PERSON}|an? {_BOSS}|your {_BOSS})"
    r" (?:please )?(?:help|call|contact|assist|take over|talk|speak|answer|reply|ring|phone)\b",
    r"\b(?:(?:can|could|will|would|have) (?:someone|somebody)|have an? (?:agent|person|human|manager)) (?:please )?"
    r"(?:call|contact|ring|phone|talk to|speak to|get back to) me\b",
    rf"\b{_HUMAN} (?:{_POLITE}|not {_BOT})\b",
    rf"\b(?:not|no|stop|without|instead of|rather than) (?:talking to |with )?{_BOT}\b.{{0,40}} {_ANY}$",
    rf"\b{_A}{_PERSON} (?:not|instead of|rather than) {_BOT}\b",
    rf"\b(?:don't|dont|do not) (?:want|wanna|like)(?: to)? (?:talk|speak|chat)(?:ing)? (?:to|with) {_BOT}\b",
    r"\bescalate (?:this|it|my (?:case|issue|problem|ticket|complaint))\b",
)
_ASKS = re.compile("|".join(_PATTERNS))
_CALLS = re.compile(
    rf"(?:(?:hi|hello|hey|ok|please|pls|plz|just|no) ){{0,5}}"
    rf"(?:{_HUMAN}|{_A}(?:{_AGENT}|{_PERSON}|{_BOSS}|{_DESK}))(?: {_POLITE}){{0,5}}"
)

_CLAUSE = (
    r"(?:^|, )(?:(?:hi|hello|hey|ok|okay|well|sorry|please|pls|plz|thanks|and|so|but|or|also|then|just|yes|no) ){0,4}"
)
_WHO = r"(?:i|you|u|we|they|he|she)"
_QUESTION = r"(?:what|where|why|how|when)"
_BE_OR_DO = r"(?:is|isn't|are|aren't|was|were|do|does|did|can|could|will|would|shall|should)"
_DOING = (
    r"(?:tell|show|send|explain|help|cancel|change|update|refund|return|replace|exchange|track|find|check|stop|delete"
    r"|remove|reset|unsubscribe|call|contact|resend|ship|deliver|describe|list|compare|recommend|suggest|confirm|book"
    r"|fix|repair|let me know|give (?!(?:me|us) (?:a|one) (?:sec|second|moment|minute)\b))"
)
_ASKING = re.compile(
    rf"\?(?!\w)|{_CLAUSE}(?:(?:{_QUESTION}|who|whom|whose|which)(?:'?s|'re|'d|'ll)?|{_BE_OR_DO}(?! not)|any|{_DOING}"
    rf"|(?:have|has|had) (?:{_WHO}|it|my|your|our|the|this|that|any)|(?:really |still )?(?:want|need|looking for))\b"
    rf"|\b(?:please|pls|plz) {_DOING}\b"
    rf"|\b(?:{_BE_OR_DO}|have|has|am|may|might|must)(?:n't|nt)? {_WHO}\b|\b(?:can|could|will|would|should|does) it\b"
    rf"|\b(?:is|are) there\b|\b{_QUESTION} (?:{_BE_OR_DO}|much|many|long|far|about)\b"
    r"|\b(?:i|we)(?:'?d| would| just| really| only| also| still| do| am|'m| was)*"
    r" (?:want|need|wanna|require|wanted to|wish to|looking for|wondering|wonder"
    r"|can't|cannot|cant|can not|couldn't|unable to)\b"
    r"|\b(?:i|we)(?:'?d| would)(?: really| also| just)* (?:like|love|prefer)\b"
    r"|\bquestion (?:about|on|regarding)\b|\b(?:not sure|know|ask) (?:if|whether)\b"
)
_GOES_ON = re.compile(r"(?:and|or|but|also|what about|how about|what if)\b")
_STOPS = re.compile(r"[.,;:!()\n\u2014\u2013](?!\w)|\n")
_NO_WORD = re.compile(r"[^\w\s'?,]")

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'"})
_PUNCTUATION = re.compile(r"[^\w\s'%$€£+#./@&-]|(?<!\w)['./-]|['./-](?!\w)|_")
_MINUSES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-") | {0x2044: "/", 0xB4: "'", 0xFE0F: ""}
_OTHERWISE_READ = ("<super>", "<sub>", "<fraction>", "<circle>", "<square>")
_NO_SIGN = re.compile(
    r"(?<!\d)[,:*]|[,:*](?!\d)|!(?!=)|(?<!\w)[/']|/(?!\w)|(?<!\d)'(?!\w)|(?<!\d)\""
    r"|\.(?!\w)|(?<!\w)\.(?!\d)|(?<!\w)-(?! ?[^\w\s]? ?\.?\d)|-(?=[^\w\s])(?![^\w\s] ?\d)|_"
)
_PREFIX = re.compile(
    r"(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|there|team|all|guys|excuse me|sorry|please"
    r"|pls|plz|ok|okay|so|well|um|quick question|question|i have a question|just wondering"
    r"|i (?:was wondering|wonder)|tell me|do you know|i(?:'d| would) (?:like|love) to know"
    r"|(?:can|could|would|will) (?:you|u|someone|anyone)(?: please| kindly)? (?:tell|explain to|show|help|let) me"
    r"|i (?:want|need) to know|know|if|whether|about) )+"
)
_CLOSING = frozenset({"please", "pls", "plz", "thanks", "thank", "you", "thx", "ty", "cheers"})
_THANKS = ("thank", "you")


def asks_for_person(text: str) -> bool:
    """Whether a visitor asks to be given to a person, in usual English wordings and some misspelt ones."""
    words = " ".join(_words(text[:_LONGEST]))
    return bool(_ASKS.search(words) or _CALLS.fullmatch(words))


def normalise_question(text: str) -> str:
    """One spelling for one question: letter case, Unicode form, punctuation, greetings and thanks go; signs stay."""
    words = _words_and_signs(text)
    end = len(words)
    while end and words[end - 1] in _CLOSING and (words[end - 1] != "you" or tuple(words[end - 2 : end]) == _THANKS):
        end -= 1
    bare = " ".join(words[:end])
    start = _PREFIX.match(bare[:_LONGEST])
    return (bare[start.end() :] if start else bare) or " ".join(words)


def asks_nothing(text: str) -> bool:
    """Whether it only leads up to a question, like "hello, I have a question", or holds no words at all."""
    words = normalise_question(text)
    return not words or bool(_PREFIX.fullmatch(f"{words[:_LONGEST]} "))


def asks(text: str) -> bool:
    """Whether it has the form of an English question or request; in other languages only a question mark tells."""
    folded = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold().translate(_APOSTROPHES)
    clauses = _NO_WORD.sub(" ", _STOPS.sub(" , ", folded))
    return bool(_ASKING.search(" ".join(clauses.split())))


def goes_on(text: str) -> bool:
    """Whether it begins as what can only be understood after another question, like "and express?"."""
    return bool(_GOES_ON.match(normalise_question(text[:_LONGEST])))


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    return _PUNCTUATION.sub(" ", folded).split()


def _words_and_signs(text: str) -> list[str]:
    """With what changes a number's or a formula's meaning: minus, comparison and currency signs, powers, fractions."""
    one_form = "".join(map(_one_form, unicodedata.normalize("NFC", text.translate(_MINUSES))))
    folded = unicodedata.normalize("NFC", one_form.casefold()).translate(_APOSTROPHES)
    kept = "".join(one if _may_tell(one) else " " for one in folded)
    return _NO_SIGN.sub(" ", " ".join(kept.split())).split()


def _one_form(one: str) -> str:
    return one if unicodedata.decomposition(one).startswith(_OTHERWISE_READ) else unicodedata.normalize("NFKC", one)


def _may_tell(one: str) -> bool:
    return one.isalnum() or one in "'\"%‰§#./@&-,:*!" or unicodedata.category(one)[0] in "SM"
