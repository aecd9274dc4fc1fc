"""A question instead of an action."""

from __future__ import annotations

from alexa_local.errors import RequestRefused


class Asked(RequestRefused):
    """Nothing is done before a question is answered; the message is the question.

    Attributes:
        slot: what it asks for.
    """

    def __init__(self, question: str, slot: str) -> None:
        super().__init__(question)
        self.slot = slot
