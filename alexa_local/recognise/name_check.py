"""How a name looks to the recogniser: its word pieces, what its language model and the boost make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

from alexa_local.models import Model
from alexa_local.recognise.bias import MOST_PIECES, Boost
from alexa_local.recognise.networks import Pieces
from alexa_local.recognise.ngram import PieceNgrams


@dataclass(frozen=True)
class NameCheck:
    """What a model makes of a name.

    Attributes:
        pieces: the word pieces of each word; () for a word that no pieces spell.
        fits: whether there are pieces for all of it, and not more than can be listened for.
        nats_per_piece: how surprising the language model finds it, natural log; guessing blindly is `chance`.
        chance: what a piece costs that is as likely as any other.
        boost_nats: what the bias adds in all after words that announce it, were it the only one of its kind.
        search_nats: what the language model adds in the search; with the boost it should not be below 0.
    """

    pieces: tuple[tuple[str, ...], ...]
    fits: bool
    nats_per_piece: float = 0.0
    chance: float = 0.0
    boost_nats: float = 0.0
    search_nats: float = 0.0


def check_name(model: Model, words: str, announcer: str = "call", boost: Boost | None = None) -> NameCheck:
    """Look at a name as the search would after the words that announce it.

    Args:
        model: a recogniser's model.
        words: the name as it is spoken.
        announcer: what is said before it.
        boost: what names are worth, if not the usual.

    Raises:
        ModelError: a file is missing or does not fit this program.
    """
    pieces = Pieces(model.path("pieces.txt").read_text(encoding="utf-8").splitlines())
    spelled = [pieces.spell(word) for word in words.split()]
    shown = tuple(tuple(filter(None, (pieces.text((one,)) for one in labels))) for labels in spelled)
    labels = [label for word in spelled for label in word]
    if not spelled or not all(spelled) or len(labels) > MOST_PIECES:
        return NameCheck(shown, fits=False)
    boost, chance = boost or Boost(), math.log(len(pieces))
    fusion = model.info.get("language_model")
    if not fusion:
        return NameCheck(shown, True, boost_nats=len(labels) * boost.of(chance, 1.0, announced=True))
    language = PieceNgrams(model.path(fusion["file"]), fusion["weight"], fusion["bonus"])
    before = [label for word in announcer.split() for label in pieces.spell(word)]
    state = reduce(language.next, before, language.start)
    surprise = added = earned = 0.0
    for said, label in enumerate(labels):
        surprise -= language.log_probability(state, label)
        alone = language.surprise(tuple(labels[:said]))
        earned += boost.of(float(alone[label]), 1.0, announced=True)
        added += float(language.scores(state)[label])
        state = language.next(state, label)
    return NameCheck(shown, True, surprise / len(labels), chance, earned, added)
