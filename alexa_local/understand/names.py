"""Names as people say them: accents, initials, titles, nicknames, and what is no letter at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_SMALL_NUMBERS = [*_SMALL.split(), "seventeen", "eighteen", "nineteen"]
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

_PLAIN_LETTERS = str.maketrans(
    {
        **{"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŋ": "ng", "ŧ": "t"},
        **{"æ": "ae", "œ": "oe", "þ": "th", "ĸ": "k", "ß": "ss", "’": "'", "ʼ": "'", "`": "'", "&": " and "},
    }
)
"""Letters that Unicode does not take apart into a plain letter and an accent."""

_TITLES = {"dr": "doctor", "mr": "mister", "mrs": "missus", "ms": "miss", "prof": "professor", "st": "saint"}

_NICKNAMES = """
alexander: alex al sandy sasha
alexandra: alex sandra sasha lexi
alfred: alf alfie fred
amanda: mandy
andrea: andy
andrew: andy drew
anthony: tony ant
antonio: tony
barbara: barb barbie babs
benjamin: ben benny benji
bernard: bernie
bradley: brad
caroline: carrie
catherine: cathy cath kate katie cat
charles: charlie chuck chas
charlotte: charlie lottie
christina: chris chrissy tina
christine: chris chrissy tina
christopher: chris kit topher
clifford: cliff
cynthia: cindy
daniel: dan danny
david: dave davy
deborah: deb debbie
donald: don donny
dorothy: dot dottie dolly
edward: ed eddie ted teddy ned
eleanor: ellie nell nora
elizabeth: liz lizzie beth betty eliza lisa libby
emily: em emmy
eugene: gene
frances: fran frannie
francis: frank
frederick: fred freddie
gabriel: gabe
gabriella: gabby
geoffrey: geoff
gerald: gerry jerry
gregory: greg
gwendolyn: gwen
harold: harry hal
henry: harry hank
isabella: bella izzy
jacob: jake
james: jim jimmy jamie
jacqueline: jackie
janet: jan
jeffrey: jeff
jennifer: jen jenny jenna
jessica: jess jessie
john: johnny jack
jonathan: jon johnny
joseph: joe joey
josephine: jo josie
joshua: josh
judith: judy
katherine: kathy kath kate katie kat
kathleen: kathy kath kate
kenneth: ken kenny
kimberly: kim kimmy
lawrence: larry laurie
leonard: len lenny leo
louis: lou louie
louise: lou
lucille: lucy
madeleine: maddie
margaret: maggie meg peggy marge margie
matthew: matt matty
maximilian: max
maxwell: max
melissa: mel missy lissa
michael: mike mick mikey micky
michelle: shelly
mitchell: mitch
mohammed: mo
nathan: nate
nathaniel: nate nat
nicholas: nick nicky
nicole: nicky
oliver: ollie
olivia: liv livvy
pamela: pam
patricia: pat patty trish tricia
patrick: pat paddy
penelope: penny
peter: pete
philip: phil pip
phillip: phil pip
rachel: rach
raymond: ray
rebecca: becky becca
richard: rick ricky dick rich richie
robert: rob robbie bob bobby bert
roberta: bobbie
ronald: ron ronnie
samantha: sam sammy
samuel: sam sammy
sebastian: seb
sophia: sophie
stephanie: steph
stephen: steve stevie
steven: steve stevie
stuart: stu
susan: sue susie suzy
suzanne: sue susie suzy
terence: terry
theodore: ted teddy theo
theresa: terry tess tessa
thomas: tom tommy
timothy: tim timmy
valerie: val
veronica: ronnie
victoria: vicky tori
vincent: vince vinny
virginia: ginny
walter: walt wally
william: will bill billy willy liam
zachary: zach zack
"""
NICKNAMES = {
    name: tuple(short.split())
    for name, _, short in (line.partition(":") for line in _NICKNAMES.strip().splitlines())
}
"""What people who are called so may be called, in spoken words."""


_SPELLED = re.compile(
    r"\b(?:(?P<before>[a-z']{2,}) )??(?P<spelled>(?:spelled|spelt) )?"
    r"(?P<letters>(?:[a-z] ){2,}[a-z])(?![\w'])"
)


@lru_cache(maxsize=1 << 15)
def spoken_words(name: str) -> str:
    """A name as it is said: lower-case letters, apostrophes, numbers in words; "" when nothing is left.

    Initials that stand together are said one by one: "J.R." is "j r"; emoji and punctuation are not said.
    """
    plain = _plain(name)
    plain = re.sub(r"\d+", lambda match: f" {_number_words(match[0])} ", plain)
    words = (word.strip("'") for word in re.sub(r"[^a-z']+", " ", plain).split())
    return " ".join(
        _TITLES.get(word, word) if index == 0 else word for index, word in enumerate(words) if word
    )


def is_speakable(name: str) -> bool:
    """Whether each of a name's letters has a sound in English; "" and other scripts have none."""
    letters = [letter for letter in _plain(name) if letter.isalpha()]
    return bool(spoken_words(name)) and all("a" <= letter <= "z" for letter in letters)


def other_wordings(name: str) -> Iterator[str]:
    """What else a full name may be said as: "Jones, Ann", "William T. Smith", "JR Ewing", "Ann (Boat)"."""
    bare = re.sub(r"\([^)]*\)|\[[^]]*\]", " ", name)
    family, comma, given = bare.partition(",")
    if comma and spoken_words(given):
        bare = f"{given} {family}"
    for wording in (bare, re.sub(r"(?<=\s)[A-Z]\.?\s(?=\S)", "", bare), _letters_apart(bare)):
        if said := spoken_words(wording):
            yield said
            first, _, rest = said.partition(" ")
            yield from (f"{short} {rest}" for short in NICKNAMES.get(first, ()) if rest)


def letters_joined(text: str) -> str:
    """What was spelled aloud, as words: "call john s m i t h" and "call jon smyth spelled s m i t h".

    A word before the letters that begins with the first of them, and is the same or said to be spelled so, is
    not said twice. Two letters are initials.
    """

    def word(match: re.Match[str]) -> str:
        joined, before = match["letters"].replace(" ", ""), match["before"] or ""
        is_said_before = before == joined or (match["spelled"] and before[:1] == joined[0])
        return joined if is_said_before or not before else f"{before} {joined}"

    return _SPELLED.sub(word, text)


def _letters_apart(name: str) -> str:
    """Short words in capitals beside others that are not, as letters: "JR Ewing" is "J R Ewing"."""
    if name.upper() == name:
        return name
    return re.sub(r"\b[A-Z]{2,3}\b", lambda match: " ".join(match[0]), name)


def _plain(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.casefold().translate(_PLAIN_LETTERS))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _number_words(digits: str) -> str:
    number = int(digits)
    if number < 20:
        return _SMALL_NUMBERS[number]
    if number < 100:
        return _TENS[number // 10] + (f" {_SMALL_NUMBERS[number % 10]}" if number % 10 else "")
    return " ".join(_SMALL_NUMBERS[int(digit)] for digit in digits)
