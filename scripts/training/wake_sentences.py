"""What is read to train a wake word: the word itself, and words and sentences that sound like it."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from random import Random


@dataclass(frozen=True)
class NearWords:
    """What must not wake although it sounds a little like the word."""

    words: tuple[str, ...]
    sentences: tuple[str, ...] = ()


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split("|"))


_NEAR_ALEXA = NearWords(
    _listed("""
    alex|a lexus|alexis|election|electra|elect her|a taxi|lexie|i'll ask her|like so|
    all ex|relax her|relax a|axle| a legs a|athena|amelia|alaska|alleged|alec|i'll ask a|he'll ask her|
    alecia|alessa|elixir|alec's car|a lecture|lexus| alleges|electric|elect a|collect her|
    select a|reflects a|a lesson|let's see|unless a|a letter|a lantern|eleven| texas|tex a|
    mexico|next a|vex her|flex a|ex a|lexicon|lex|lecture|electron|elector|relax|complex a|
    annex a|perplex a| reflexes|duplex a|a leg|alloys|aleppo|alexei|alessandra|alyssa|alicia|
    alissa|a lady|galaxy|melissa|larissa| a flexible|a fax a|a latex|alaskan|a desk a|ask her|
    i expect a|a texan|legs are|eggs are|a checks a|the lexus are|alexios|a leaks a|all acts are|
    a lack so|affects a|objects a|the effects are|the lexer|a licks a|a locks are|elects a|a likes her|
    all except|a lecturer|an extra|a necklace|allergic|reluctant|plexus|a lapse are|unlocks a
    """),
    _listed("""
    i'll ask her tomorrow|the election was alleged to be fair|a taxi is waiting outside|
    let's elect her president|she drives a lexus in alaska|alex asked her|
    i would like a legs and arms workout|like so and then relax her shoulders|all exits are closed|
    the axle of the car is broken|he lacks a sense of humour|it reflects a lot of light|
    the annex a mile away|a lecture on electrons|she selects a colour|alexis and amelia are in texas|
    athena was a goddess|an alleged act of kindness|we all expect a letter|let us ask a doctor|
    the galaxy is large|unless a miracle happens we relax a little|she collects a stamp every week
    """),
)
_NEAR_STOP = NearWords(
    _listed("""
    top|stock|step|shop|store|stomp|stuff|stub|stack|stamp|start|state|stay|still|stood|story|stoop|
    stalk|stark|star|sto|stoke|stone|storm|strop|strap|strip|swap|slop|snap|drop|flop|crop|prop|pop|hop|
    mop|cop|chop|spot|scop|sop|sob|staff|tops|the top|a top|it's top|at the top|on top|best option|
    this option|last opera|must operate|laptop|desktop|atop|tip top|hilltop|shopping|stocking|stepping|
    stuck|stick|stitch|steep|steak|stab|stole|stall|adopt|top it|so hot|it's hot|
    this opposite|post office|lost a pen|last part|first up|what's up|just up|must hop|stood up|set up|
    sit up|it's up|speed up|start up|support|suppose|spots|sports
    """),
    _listed("""
    the shop is next to the store|put it on top of the shelf|the first step is the hardest|
    stock prices went up|start the washing machine|my laptop is on the desk|stay at home today|
    he told me a story|the best option is a taxi|it's hot in here|turn up the heat|what's up today|
    the post office opens at nine|set a timer for ten minutes|a storm is coming|stamps are in the drawer
    """),
)
NEAR: dict[str, NearWords] = {"alexa": _NEAR_ALEXA, "stop": _NEAR_STOP}
"""By wake word; for others `near_words` takes what is spelled alike."""

_FRAMES = _listed("""
    {}|{}|{}|{}|i met {} yesterday|where is {}|tell {} to wait|{} is here|{} please|this is {}|
    what about {}| call {}|play {}|the word is {}|we talked about {}|have you seen {}|{} and {}|
    {} or {}|no {}|it was {} again| hey {}|okay {}|my friend said {} twice|turn on {} now|
    they wanted {} tomorrow|say {}|there is {} in the street
""")
_MOST_NEAR = 80


def near_words(word: str, texts: Path) -> NearWords:
    """Words near a wake word: from the lists here, or else of the sentences' words those spelled alike."""
    if word in NEAR:
        return NEAR[word]
    known = set(re.findall(r"[a-z']+", (texts / "slurp_lm.txt").read_text(encoding="utf-8").lower()))
    parts = [*word.split(), word]
    others = sorted(other for other in known if len(other) > 1 and word not in other)

    def likeness(other: str) -> float:
        return max(SequenceMatcher(None, part, other).ratio() for part in parts if part != other)

    # Half of a phrase must not wake either.
    halves = tuple(word.split()) if " " in word else ()
    return NearWords((*halves, *sorted(others, key=likeness, reverse=True)[:_MOST_NEAR]))


def sound_alike(random: Random, near: NearWords) -> str:
    """A word or a sentence that must not wake."""
    if near.sentences and random.random() < 0.15:
        return random.choice(near.sentences)
    frame = random.choice(_FRAMES)
    return frame.format(*random.choices(near.words, k=frame.count("{}")))
