"""Several people's address books in one home: whom "mum" means, and who is there twice."""

from __future__ import annotations

import pytest
from house import House

from alexa_local.errors import RequestRefused, UsageError
from alexa_local.messages import Hypothesis
from alexa_local.understand import Catalogue, Contact, Understander


def book(*people: tuple[str, str, str]) -> bytes:
    """A CSV file of (name, nickname, number)."""
    return "\n".join(["name,nickname,mobile", *map(",".join, people)]).encode()


@pytest.fixture
def two_mums(house: House) -> House:
    """Ann's and Bob's book, each with a Mum of its own, and with one and the same doctor."""
    contacts = house.services.contacts
    contacts.import_bytes(book(("Mum", "", "111"), ("Doctor Foster", "", "+44 7700 900 333")), "Ann")
    contacts.import_bytes(book(("Mary Smith", "Mum", "222"), ("doctor foster", "Doc", "07700900333")), "Bob")
    return house


def test_importing_one_book_leaves_the_others_alone(two_mums: House) -> None:
    contacts = two_mums.services.contacts
    assert str(contacts.import_bytes(book(("Mum", "", "112")), "ann")).startswith("0 added, 1 updated")
    two_mums.restart()
    assert two_mums.services.contacts.resolve("ann's mum").number() == "112"
    assert two_mums.services.contacts.resolve("bob's mum").number() == "222"


def test_a_name_of_different_people_is_asked_about_until_the_owner_is_named(two_mums: House) -> None:
    assert two_mums.reply("CallContact", contact="mum") == "Which Mum: Mary Smith or Ann's Mum?"
    assert two_mums.publisher.sent == []
    assert two_mums.reply("CallContact", contact="Ann's Mum") == "Calling Ann's Mum."
    assert two_mums.reply("CallContact", contact="Bob's mum") == "Calling Mary Smith."
    with pytest.raises(RequestRefused, match=r"^I don't know anybody called Carl's Mum\.$"):
        two_mums.services.contacts.resolve("carl's mum")


def test_who_is_in_two_books_with_one_number_is_one_person(two_mums: House) -> None:
    doctors = [one for one in two_mums.services.contacts.all() if one.name == "Doctor Foster"]
    assert [(one.nicknames, one.addresses) for one in doctors] == [(("Doc",), (("mobile", "+447700900333"),))]


def test_everybodys_book_comes_before_the_others(two_mums: House) -> None:
    two_mums.services.contacts.import_bytes(book(("Mum", "", "333")))
    assert two_mums.services.contacts.resolve("mum").number() == "333"
    assert two_mums.services.contacts.resolve("bob's mum").number() == "222"
    assert [one.name for one in two_mums.services.contacts.all() if "um" in one.name] == ["Mum", "Ann's Mum"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("call mum", ("CallContact", {"contact": "mum"})),
        ("call ann's mum", ("CallContact", {"contact": "Ann's Mum"})),
        ("tell mum i'm late", ("SendMessage", {"contact": "mum", "message": "i'm late"})),
        ("call my mum", ("CallContact", {"contact": "mum"})),
        ("call bob's mum", ("CallContact", {"contact": "Mary Smith"})),
        ("call doc on the mobile", ("CallContact", {"contact": "Doctor Foster", "which": "mobile"})),
    ],
)
def test_what_is_answered_to_the_question_is_understood(
    two_mums: House, said: str, meant: tuple[str, dict[str, str]]
) -> None:
    people = [Contact(one.name, one.nicknames) for one in two_mums.services.contacts.all()]
    found = Understander(Catalogue(contacts=tuple(people))).interpret([Hypothesis(said, 0.0)])
    assert (found.intent, found.slots) == meant


@pytest.mark.parametrize("name", ["🎉", "Иван", "..."])
def test_a_book_whose_owner_cannot_be_named_is_refused(house: House, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be said"):
        house.services.contacts.import_bytes(book(("Mum", "", "1")), name)
    assert house.services.contacts.all() == []
