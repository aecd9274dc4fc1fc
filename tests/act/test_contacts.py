from pathlib import Path

import pytest
from house import PEOPLE, House

from alexa_local.errors import RequestRefused, UsageError

EXPORTS = Path(__file__).parent


def _vcard(*lines: str, version: str = "3.0") -> bytes:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""]).encode()


@pytest.mark.parametrize(
    ("data", "name", "addresses"),
    [
        (
            _vcard("N:Jones;Ann;;;", "TEL;CELL:+44 (7700) 900-1", "TEL;HOME;VOICE:020 1", version="2.1"),
            "Ann Jones",
            (("mobile", "+4477009001"), ("home", "0201")),
        ),
        (
            _vcard(
                "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;",
                "NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=",
                "two",
                "TEL;WORK;PREF:1",
                version="2.1",
            ),
            "Jörg Müller",
            (("work", "1"),),
        ),
        (
            _vcard("PHOTO;ENCODING=BASE64;JPEG:/9j/AAAA", " BBBB", "", "FN:Ann", "TEL:1", version="2.1"),
            "Ann",
            (("", "1"),),
        ),
        (
            _vcard(
                "FN:Ann", "PHOTO;ENCODING=b:!!! broken !!!", "item1.TEL;type=pref:1", "item1.X-ABLabel:Boat"
            ),
            "Ann",
            (("", "1"),),
        ),
        (
            _vcard("FN:Jones\\, Ann", "  Mary", "N:Jones;Ann", "TEL;TYPE=WORK,cell:1", "EMAIL:a@example.org"),
            "Jones, Ann Mary",
            (("mobile", "1"), ("email", "a@example.org")),
        ),
        (
            _vcard("FN:Ann", 'TEL;VALUE=uri;TYPE="voice,home":tel:+44-20;ext=5', version="4.0"),
            "Ann",
            (("home", "+4420"),),
        ),
        (_vcard("ORG:Pizza Palace;Kitchen", "TEL:1"), "Pizza Palace", (("", "1"),)),
        (_vcard("FN:Björk").decode().encode("utf-16"), "Björk", ()),
        (_vcard("FN:Björk").decode().encode("cp1252"), "Björk", ()),
        (b"\xef\xbb\xbfbegin:vcard\nversion:3.0\nfn:Ann\nend:vcard", "Ann", ()),
        (b"name,phone\nAnn Jones,+44 1\n", "Ann Jones", (("", "+441"),)),
        (
            b'Name;Mobile;E-Mail\r\n"Jones; Ann";1;a@example.org\r\n',
            "Jones; Ann",
            (("mobile", "1"), ("email", "a@example.org")),
        ),
        (
            b"First Name,Last Name,Nickname,Phone 1 - Label,Phone 1 - Value,E-mail 1 - Value\n"
            b"Ann,Jones,Mum,Mobile,+1 ::: +2,a@example.org\n",
            "Ann Jones",
            (("mobile", "+1"), ("mobile", "+2"), ("email", "a@example.org")),
        ),
        (
            b"\nFirst name\tSurname\tBusiness Phone\tHome Phone\nAnn\tJones\t1\t\n",
            "Ann Jones",
            (("work", "1"),),
        ),
    ],
)
def test_exports_of_phones_and_programs(
    house: House, data: bytes, name: str, addresses: tuple[tuple[str, str], ...]
) -> None:
    report = house.services.contacts.import_bytes(data)
    assert (report.added, report.updated, report.problems) == (1, 0, ())
    (contact,) = house.services.contacts.all()
    assert (contact.name, contact.addresses) == (name, addresses)


def test_broken_entries_are_told_by_line_and_the_others_kept(house: House) -> None:
    text = (
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nthis is no property\nTEL:1\nEND:VCARD\n"  # 1-6
        "\nBEGIN:VCARD\nVERSION:3.0\nTEL:2\nEND:VCARD\n"  # 7-11
        "BEGIN:VCARD\nVERSION:3.0\nFN:Cut\nBEGIN:VCARD\nVERSION:3.0\nFN:Bob\nEND:VCARD\n"  # 12-18
        "BEGIN:VCARD\nVERSION:2.1\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=nonsense:=C3\nEND:VCARD\n"  # 19-22
        "BEGIN:VCARD\nVERSION:3.0\nFN:End"  # 23-25
    )
    report = house.services.contacts.import_bytes(text.encode())
    assert [contact.name for contact in house.services.contacts.all()] == ["Ann", "Bob"]
    assert [str(problem) for problem in report.problems] == [
        "line 4: this line cannot be read; it was left out",
        "line 8: an entry without a name; it was left out",
        "line 12: an entry without END:VCARD; it was left out",
        "line 19: an entry without a name; it was left out",
        "line 21: this line cannot be read; it was left out",
        "line 23: an entry without END:VCARD; it was left out",
    ]
    assert str(report) == "2 added, 0 updated, 6 with problems"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "line 1: the file is empty"),
        (b" \n\n", "line 1: the file is empty"),
        (b"just,some\nwords,here\n", "line 1: expected a header with a column such as"),
        (b"name,phone\nAnn,1\n,2\n", "line 3: an entry without a name; it was left out"),
        (b'name,phone\nAnn,"' + b"x" * 200_000, "line 2: field larger than field limit"),
        (bytes(range(256)) * 10, "line "),
    ],
)
def test_files_that_are_no_address_book(house: House, data: bytes, problem: str) -> None:
    report = house.services.contacts.import_bytes(data)
    assert str(report.problems[0]).startswith(problem)


def test_files_that_cannot_be_read(house: House, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        house.services.contacts.import_file(tmp_path / "none.vcf")
    huge = tmp_path / "huge.vcf"
    with huge.open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    with pytest.raises(UsageError, match="too large"):
        house.services.contacts.import_file(huge)


def test_importing_again_replaces_and_a_person_in_two_entries_is_one(house: House, tmp_path: Path) -> None:
    path = tmp_path / "people.vcf"
    path.write_bytes(_vcard("FN:Ann", "TEL;TYPE=cell:1") + _vcard("FN:Ann", "TEL;TYPE=home:2", "TEL:1"))
    assert str(house.services.contacts.import_file(path)) == "1 added, 0 updated, 0 with problems"
    path.write_bytes(_vcard("FN:Ann", "TEL;TYPE=cell:3") + _vcard("FN:Bob"))
    assert str(house.services.contacts.import_file(path)) == "1 added, 1 updated, 0 with problems"
    house.restart()
    assert house.services.contacts.resolve("ann").number() == "3"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Ann Jones", "Ann Jones"),
        ("ann jones", "Ann Jones"),
        ("mum", "Ann Jones"),
        ("mom", "Ann Jones"),
        ("Jones", "Ann Jones"),
        ("brown", "Ann Brown"),
        ("mccloud oneill", "Seán McCloud-O'Neill"),
        ("sean", "Seán McCloud-O'Neill"),
    ],
)
def test_people_are_found_by_what_they_are_called(house: House, said: str, name: str) -> None:
    house.services.contacts.import_bytes(PEOPLE)
    house.services.contacts.import_bytes(
        _vcard("N:McCloud-O'Neill;Seán;;;", "NICKNAME:Mac\\,y,McCloud O'Neill")
    )
    assert house.services.contacts.resolve(said).name == name


def test_a_first_name_that_two_people_have_is_asked_about(house: House) -> None:
    house.services.contacts.import_bytes(PEOPLE)
    with pytest.raises(RequestRefused, match=r"^Which Ann: Ann Brown or Ann Jones\?$"):
        house.services.contacts.resolve("Ann")
    assert house.reply("UnknownContact", name="ann") == "Which Ann: Ann Brown or Ann Jones?"
    house.services.contacts.import_bytes(_vcard("FN:Zoe", "NICKNAME:Ann"))  # a nickname is more exact
    assert house.services.contacts.resolve("Ann").name == "Zoe"


def test_names_for_the_catalogue(house: House) -> None:
    house.services.contacts.import_bytes(PEOPLE)
    ann = house.services.contacts.resolve("Ann Jones")
    assert "Mum" in ann.nicknames
    assert "mom" in ann.nicknames
    assert "Ann Jones" not in ann.nicknames


@pytest.mark.parametrize(
    ("intent", "slots", "reply", "sent"),
    [
        (
            "CallContact",
            {"contact": "Mum"},
            "Calling Ann Jones.",
            [("phone/call", '{"name": "Ann Jones", "number": "+4477002222"}')],
        ),
        (
            "CallContact",
            {"contact": "Ann Jones", "which": "home"},
            "Calling Ann Jones at home.",
            [("phone/call", '{"name": "Ann Jones", "number": "+44201111"}')],
        ),
        (
            "CallContact",
            {"contact": "Ann Jones", "which": "office"},
            "I have no office number for Ann Jones.",
            [],
        ),
        ("CallContact", {"contact": "Ann Brown"}, "I have no number for Ann Brown.", []),
        ("CallContact", {"contact": "Zaphod"}, "I don't know anybody called Zaphod.", []),
        ("CallContact", {"contact": "ann"}, "Which Ann: Ann Brown or Ann Jones?", []),
        (
            "SendMessage",
            {"contact": "mum", "message": "I'm late"},
            "Your message to Ann Jones is on its way.",
            [("phone/message", "+4477002222: I'm late")],
        ),
        ("SendMessage", {"contact": "mum"}, "What shall I write?", []),
        ("UnknownContact", {"name": "jones"}, "Did you mean Ann Jones? Please say the full name.", []),
        ("HangUp", {}, "I only start calls. Please hang up on the telephone.", []),
    ],
)
def test_calls_and_messages(
    house: House, intent: str, slots: dict[str, object], reply: str, sent: list[tuple[str, str]]
) -> None:
    house.services.contacts.import_bytes(PEOPLE)
    assert house.reply(intent, **slots) == reply
    assert house.publisher.sent == sent


def test_without_a_telephone_it_says_how_to_get_one(bare_house: House) -> None:
    bare_house.services.contacts.import_bytes(PEOPLE)
    assert bare_house.reply("CallContact", contact="mum") == (
        "I have no telephone. Say how to call under contacts call in the configuration."
    )
    assert bare_house.reply("SendMessage", contact="mum", message="hi").startswith(
        "I can't send messages yet."
    )
