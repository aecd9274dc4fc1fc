"""What is read to train the wake word: the word itself, and words and sentences that sound like it."""

from random import Random

WAKE_WORD = "alexa"

_SOUND_ALIKES = """
    alex|a lexus|alexis|alexander|election|electra|elect her|a taxi|lexie|i'll ask her|like so|
    all ex|relax her|axle| a legs a|athena|amelia|alaska|alleged|alexandra|alexandria|alec|
    alecia|alessa|elixir|alec's car|a lecture|lexus| alleges|electric|elect a|collect her|
    select a|reflects a|a lesson|let's see|unless a|a letter|a lantern|eleven| texas|tex a|
    mexico|next a|vex her|flex a|ex a|lexicon|lex|lecture|electron|elector|relax|complex a|
    annex a|perplex a| reflexes|duplex a|a leg|alloys|aleppo|alexei|alessandra|alyssa|alicia|
    alissa|a lady|galaxy|melissa|larissa| a flexible|a fax a|a latex|alaskan|a desk a|ask her|
    i expect a|a texan|legs are|eggs are|a checks a|the lexus are
"""
SOUND_ALIKES = tuple(" ".join(part.split()) for part in _SOUND_ALIKES.split("|"))

_FRAMES = """
    {}|{}|{}|{}|i met {} yesterday|where is {}|tell {} to wait|{} is here|{} please|this is {}|
    what about {}| call {}|play {}|the word is {}|we talked about {}|have you seen {}|{} and {}|
    {} or {}|no {}|it was {} again| hey {}|okay {}|my friend said {} twice|turn on {} now|
    they wanted {} tomorrow|say {}|there is {} in the street
"""
_FRAMES_LIST = tuple(" ".join(part.split()) for part in _FRAMES.split("|"))

_SENTENCES = (
    "i'll ask her tomorrow",
    "the election was alleged to be fair",
    "a taxi is waiting outside",
    "alexander the great went east",
    "let's elect her president",
    "she drives a lexus in alaska",
    "alex asked her",
    "i would like a legs and arms workout",
    "like so and then relax her shoulders",
    "all exits are closed",
    "the axle of the car is broken",
    "he lacks a sense of humour",
    "it reflects a lot of light",
    "the annex a mile away",
    "a lecture on electrons",
    "she selects a colour",
    "alexis and amelia are in alexandria",
    "athena was a goddess",
    "an alleged act of kindness",
    "we all expect a letter",
    "let us ask a doctor",
    "the galaxy is large",
)


def sound_alike(random: Random) -> str:
    """A word or a sentence that must not wake."""
    if random.random() < 0.15:
        return random.choice(_SENTENCES)
    frame = random.choice(_FRAMES_LIST)
    return frame.format(*random.choices(SOUND_ALIKES, k=frame.count("{}")))
