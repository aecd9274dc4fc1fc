"""Names as people say them, and the phrases and confusions that come of them."""

from pathlib import Path

import pytest

from alexa_local.messages import Hypothesis
from alexa_local.understand import (
    Catalogue,
    Contact,
    Device,
    KnownPhrases,
    Understander,
    is_speakable,
    load_owner_intents,
    spoken_words,
)
from alexa_local.understand.confuse import sounding_alike
from alexa_local.understand.names import letters_joined


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("J. R. Smith", "j r smith"),
        ("J.R. Smith", "j r smith"),
        ("Søren Kierkegaard", "soren kierkegaard"),
        ("Łukasz Æbelø", "lukasz aebelo"),
        ("Jörg Groß", "jorg gross"),
        ("O’Brien-Nuñez", "o'brien nunez"),
        ("Mum 🎉❤️", "mum"),
        ("Dr. Ann Jones", "doctor ann jones"),
        ("Room 21", "room twenty one"),
        ("Иван", ""),
        ("🎉", ""),
        ("", ""),
    ],
)
def test_names_are_said_without_accents_punctuation_and_emoji(written: str, said: str) -> None:
    assert spoken_words(written) == said


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("call j a n e", "call jane"),
        ("call john s m i t h now", "call john smith now"),
        ("call smith s m i t h", "call smith"),
        ("call jon smyth spelled s m i t h", "call jon smith"),
        ("call spelled j o e", "call joe"),
        ("call j r smith", "call j r smith"),
        ("call a", "call a"),
        ("", ""),
    ],
)
def test_what_is_spelled_is_a_word(said: str, meant: str) -> None:
    assert letters_joined(said) == meant


@pytest.mark.parametrize(
    ("said", "contact"),
    [
        ("call j a n e", "Jane Doe"),
        ("call john s m i t h", "John Smith"),
        ("phone j r r tolkien", "J. R. R. Tolkien"),
        ("call b o b", None),
    ],
)
def test_people_may_be_spelled_and_initials_stay_apart(said: str, contact: str | None) -> None:
    people = tuple(map(Contact, ("Jane Doe", "John Smith", "J. R. R. Tolkien")))
    found = Understander(Catalogue(contacts=people)).interpret([Hypothesis(said, 0.0)])
    assert (found.intent, found.slots.get("contact")) == (
        ("CallContact", contact) if contact else ("UnknownContact", None)
    )


@pytest.mark.parametrize(("name", "speakable"), [("Zoë", True), ("Иван Smith", False), ("王芳", False)])
def test_other_scripts_cannot_be_spoken(name: str, speakable: bool) -> None:
    assert is_speakable(name) == speakable


def said_of(*names: str) -> dict[str, str]:
    return dict(Catalogue(contacts=tuple(map(Contact, names))).entries_of("contact"))


def test_people_may_be_called_by_what_is_short_for_their_names() -> None:
    said = said_of("William T. Smith")
    assert {"william t smith", "william smith", "bill smith", "bill", "smith"} <= said.keys()


def test_a_surname_first_and_letters_in_capitals_are_said_otherwise_too() -> None:
    assert said_of("Jones, Ann")["ann jones"] == "Jones, Ann"
    assert said_of("JR Ewing")["j r ewing"] == "JR Ewing"


def test_what_several_people_may_be_called_is_handed_on_as_it_is_said() -> None:
    said = said_of("William Smith", "Wilma Smith", "Bill Jones")
    assert said["smith"] == "smith"
    assert said["bill"] == "Bill Jones"
    assert said["bill smith"] == "William Smith"


def test_a_nickname_of_two_people_is_handed_on_and_a_full_name_more_than_a_nickname() -> None:
    people = Contact("Ann Jones", ("Mum",)), Contact("Mary Smith", ("Mum", "Bob")), Contact("Bob")
    said = dict(Catalogue(contacts=people).entries_of("contact"))
    assert said["mum"] == "mum"
    assert said["bob"] == "Bob"


def test_somebody_s_mum_is_not_called_mum() -> None:
    assert said_of("Ann's Mum").keys() == {"ann's mum"}


def test_the_same_name_twice_is_one() -> None:
    assert len(said_of("Ann Jones", "ann  jones")) == 3


def classes(catalogue: Catalogue, owner: Path | None = None) -> dict[str, tuple[set[str], frozenset[str]]]:
    known = KnownPhrases(load_owner_intents(owner) if owner else None)
    return {each.kind: (set(each.phrases), each.after) for each in known.of(catalogue)}


def test_each_kind_of_name_is_announced_by_the_words_of_the_sentences() -> None:
    found = classes(
        Catalogue(
            (Device("Reading lamp", "light", "den"),), contacts=(Contact("Ann"),), running_timers=("tea",)
        )
    )
    assert found["contact"][0] == {"ann"}
    assert {"call", "call my", "a message to"} <= found["contact"][1]
    assert not {"", "my", "to", "turn on the"} & found["contact"][1]
    assert {"turn on the", "switch off"} <= found["device"][1]
    assert "lights in the" in found["room"][1]
    assert (found["timer"][0], "cancel the" in found["timer"][1]) == ({"tea"}, True)


def test_kinds_without_names_are_left_out() -> None:
    assert "contact" not in classes(Catalogue())


def test_an_owner_s_open_intents_are_heard_more_readily(tmp_path: Path) -> None:
    file = tmp_path / "intents.yaml"
    file.write_text(
        "intents:\n"
        "  A: {sentences: ['brew [me] a {drink} for my {contact}'], reply: x}\n"
        "  B: {sentences: ['unfurl the sails'], reply: x, closed: true}\n"
        "slots: {drink: [oolong, '(rooi|red) bush']}\n",
        encoding="utf-8",
    )
    found = classes(Catalogue(contacts=(Contact("Ann"),)), file)
    assert found["slot drink"] == ({"oolong", "rooi bush", "red bush"}, frozenset({"brew a", "brew me a"}))
    assert {"brew a", "brew me a"} <= found["sentence"][0]
    assert "oolong for my" in found["contact"][1]
    assert not any("unfurl" in phrase for phrases, _ in found.values() for phrase in phrases)


def test_names_that_sound_alike_are_found() -> None:
    alike = sounding_alike("john smyth", ["jon smith", "ann jones", "john smyth"])
    assert [one.phrase for one in alike] == ["jon smith"]
