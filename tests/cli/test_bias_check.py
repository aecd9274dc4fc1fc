"""Whether a name can be recognised, as the command says it."""

import json

import pytest

BOOK = """BEGIN:VCARD
FN:Jon Smith
END:VCARD
BEGIN:VCARD
FN:John Smyth
END:VCARD
BEGIN:VCARD
FN:John Quist
END:VCARD
"""


@pytest.fixture
def check(command, folder):
    """Checks a name against an address book; returns the JSON object."""
    book = folder / "book.vcf"
    book.write_text(BOOK, encoding="utf-8")

    def check(name: str) -> dict:
        code, out, _ = command("bias", "check", name, "--contacts", book, "--json")
        assert code == 0
        return json.loads(out)

    return check


def test_a_name_that_can_be_recognised_is_split_and_needs_nothing(check):
    found = check("John Quist")
    assert "".join("".join(word) for word in found["model"]["pieces"]) == "johnquist"
    assert (found["kinds"], found["ok"], found["advice"]) == (["contact"], True, [])


def test_names_that_sound_alike_are_told(check):
    found = check("John Smyth")
    assert [one["phrase"] for one in found["alike"]] == ["jon smith"]
    assert "jon smith" in " ".join(found["advice"])


@pytest.mark.parametrize("name", ["Иван Петров", "🎉", "Иван Smith"])
def test_names_in_other_scripts_cannot_be_said(check, name):
    found = check(name)
    assert not found["ok"]
    assert "not Latin" in found["advice"][0]


def test_a_name_of_several_people_is_told(check):
    assert "John Smyth, John Quist are called that" in check("John")["advice"][0]


def test_a_name_of_nobody_is_told(check):
    assert "contacts import" in check("Zebulon")["advice"][0]


def test_a_very_long_name_is_told(check):
    assert "too long" in check("Ann " * 200)["advice"][0]


def test_people_read_the_same_as_lines(command, folder):
    code, out, _ = command("bias", "check", "Søren", "Kierkegaard")
    assert code == 0
    assert 'said as "soren kierkegaard"' in out
    assert "split into" in out
