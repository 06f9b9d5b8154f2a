from __future__ import annotations

import pytest

from console.knowledge.requests import asks, asks_for_person, goes_on, normalise_question
from tests.effort import LINEAR, growth

ASKS = (
    "I want to talk to a human",
    "can i speak to a real person please",
    "agent",
    "human please",
    "get me a manager",
    "connect me with an agent",
    "transfer me to a live agent",
    "let me speak to your supervisor",
    "I need a human",
    "i'd like to speak with someone",
    "talk to a humna",
    "can I tlak to a person",
    "speak to a representative",
    "Representative!!!",
    "operator",
    "is there a real person there?",
    "can someone call me",
    "I don't want to talk to a bot",
    "this is useless, give me a human",
    "stop, I want a person not a bot",
    "could a human help me with this",
    "can you put me through to customer service",
    "chat with support",
    "please escalate this",
    "I want to chat with a live person about my order",
    "are you a bot? I want someone real... get me a real person",
    "how do I talk to someone",
    "can I speak with a customer service representative",
    "I need to speak to somebody about my refund",
    "live agent",
    "real human",
    "how can I reach a human",
    "I would like a human to look at it",
    "Is anyone there?",
    "speak to agent",
    "I demand a manager",
    "can an agent please help me",
    "hand me over to a person",
    "let me talk to someone from billing",
    "i would prefer to talk to a person",
    "customer service",
    "just let me talk to a person!!",
    "want human",
    "need a real agent now",
    "can i get a human",
    "Could you connect me to a member of your team?",
    "human",
    "HUMAN BEING PLEASE",
    "pass me to someone",
)

DOES_NOT_ASK = (
    "is a person allowed to return an item without a receipt",
    "how many people can join a workspace",
    "what does the agent do when a conversation is resolved",
    "how do I add an agent to my inbox",
    "do you hire support agents",
    "can a person under 18 buy this",
    "who is the manager role for",
    "how do I contact the API",
    "what is a human resources package",
    "can agents use whatsapp",
    "how do I change the account manager name on my invoice",
    "what permissions does an agent have",
    "can someone else use my discount code",
    "how do I transfer my account to another email",
    "i need an agent seat, how much is it",
    "how to connect slack",
    "What is the person limit for the family plan",
    "does the bot speak to customers in French",
    "how do I assign a conversation to an agent",
    "how do I create a human agent permission request",
    "I need someone's address to send a gift",
    "do you support live chat on Shopify",
    "can I set up live chat",
    "where do I find the support page",
    "how do I call the API with a token",
    "how do I put a package on hold",
    "get a refund",
    "I want to return a jacket",
    "reset my password",
    "can a manager approve refunds",
    "what is the manager's role",
    "what happens when a customer asks for a refund",
    "how do I connect my agent bot",
    "connect with agent bot",
    "transfer money to another person",
    "I'd like to send a gift to someone",
    "i want people to see my ad",
    "how can I give someone access",
    "can I give a person access to my account",
    "do I need a representative to sign",
    "is there someone I can gift this to",
    "am i talking to a real person",
    "do I need to speak to a representative to change my pin?",
    "when will you send me a replacement card",
    "Can someone help me unblock my pin?",
    "why is my transfer to someone taking so long",
    "",
)


@pytest.mark.parametrize("text", ASKS)
def test_asks_for_a_person(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize("text", DOES_NOT_ASK)
def test_asks_something_else(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Hi! Can you please tell me how I reset my password?", "how i reset my PASSWORD"),
        ("Hello, how do I get a refund? Thank you!", "How do I get a refund"),
        ("What’s the cost of V2.1?", "what's the  cost of v2.1 ??"),
        ("do you ship to Köln", "DO YOU SHIP TO KO\u0308LN"),
        ("is it free, please", "Is it free...."),
        ("is it free \u2013 now!", "'Is it free': (now)"),
        ("\uff29s it \uff15 days", "is it 5 days"),
        ("at \u22125 degrees", "at -5 degrees"),
    ],
)
def test_one_question_in_two_spellings(text: str, same: str) -> None:
    assert normalise_question(text) == normalise_question(same) != ""


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("is v2 free", "is v3 free"),
        ("does it work", "it does work"),
        ("5% off", "5$ off"),
        ("how are you", "how are"),
        ("is it safe at -5 degrees", "is it safe at 5 degrees"),
        ("is it safe at \u22125 degrees", "is it safe at 5 degrees"),
        ("is it safe at - 5 degrees", "is it safe at 5 degrees"),
        ("what of -$5", "what of $5"),
        ("orders <50 EUR", "orders >50 EUR"),
        ("orders \u226450 EUR", "orders \u226550 EUR"),
        ("orders under <50 EUR", "orders under 50 EUR"),
        ("the \u00a5500 card", "the \u20b9500 card"),
        ("the \uffe5500 card", "the 500 card"),
        ("is 10\u00b2 right", "is 102 right"),
        ("is 1\u00bd right", "is 11 2 right"),
        ("is H\u2082O right", "is H2O right"),
        ("x != y", "x = y"),
        ("is it 1,5 m", "is it 1 5 m"),
        ("is it .5 m", "is it 5 m"),
        ("is 2*3 right", "is 2 3 right"),
        ("blood group A-", "blood group A"),
        ("is it 5' wide", 'is it 5" wide'),
        ("may I bring my \U0001f436", "may I bring my \U0001f431"),
        ("\u0915\u093f", "\u0915\u093e"),
    ],
)
def test_different_questions_stay_different(text: str, other: str) -> None:
    assert normalise_question(text) != normalise_question(other)


@pytest.mark.parametrize(
    "text",
    [
        "in blue?",
        "in blue\uff1f",
        "what sizes are there",
        "hi, whats the price",
        "and where's my parcel",
        "is shipping free",
        "ok do you ship to Malta",
        "has my parcel been sent",
        "isn't it too late",
        "how about Malta",
        "cancel my order",
        "please send me the invoice",
        "I bought a jacket last week, return it please",
        "I bought a jacket last week can I return it",
        "my order is 48213 where is it",
        "let me know the price",
        "I want to return it",
        "My name is Anna and I'd like a refund",
        "i\u2019d like a refund",
        "i would like to know the opening hours",
        "we also need an invoice",
        "need an invoice",
        "I can't log in",
        "looking for a red jacket",
        "I was wondering about the price",
        "a question about returns",
        "any discounts",
        "not sure if you deliver",
    ],
)
def test_a_question_or_a_request_asks(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "my name is Anna",
        "my order number is 48213",
        "order 48213",
        "I bought a jacket last week",
        "it is for my daughter",
        "one more thing",
        "please be quick",
        "thanks in advance",
        "I have been your customer since May",
        "it is for a friend who lives in Malta",
        "give me a second",
        "that is what it says",
        "I was happy with it until it broke",
        "I like it a lot",
        "https://shop.test/jackets?size=42",
        "48213",
        "",
    ],
)
def test_a_statement_asks_nothing(text: str) -> None:
    assert not asks(text)


def test_what_goes_on_from_another_question() -> None:
    assert all(map(goes_on, ("and express?", "What about Malta", "hi, or by express?")))
    assert not any(map(goes_on, ("express?", "what colours are there", "andorra?", "")))


@pytest.mark.parametrize("text", ["Hi", "thanks", "please", "Hello!"])
def test_only_courtesy_is_kept_as_it_is(text: str) -> None:
    assert normalise_question(text) == text.casefold().strip("!")


def test_nothing_left() -> None:
    assert normalise_question(" ?! ") == normalise_question("") == ""


@pytest.mark.parametrize(
    "unit",
    [
        "talk ",
        "a human ",
        "i want ",
        "please ",
        "connect me ",
        "not bot ",
        "thanks ",
        "' ",
        "hi ",
        "- ",
        "-",
        "!",
        "\u00b2",
        " ",
        "\u3000",
    ],
)
def test_hostile_repetition_is_quick(unit: str) -> None:
    def read(times: int) -> None:
        asks_for_person(unit * times)
        normalise_question(unit * times + "x")
        normalise_question("-" + unit * times + "x")
        asks(unit * times + "x")

    assert growth(read, 5_000) < LINEAR
