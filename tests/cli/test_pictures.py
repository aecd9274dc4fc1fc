"""Pictures are left out of an address book, and nothing else is."""

import pytest

from alexa_local.act.address_book import read_address_book
from alexa_local.cli.pictures import without_pictures

CARD = b"""BEGIN:VCARD
VERSION:3.0
FN:Anna Berg
PHOTO;ENCODING=b;TYPE=JPEG:AAAABBBBCCCC
 DDDDEEEEFFFF
\tGGGG
TEL;TYPE=cell:123
item1.LOGO:AAAA
NICKNAME:Keyes
END:VCARD
"""


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_card_says_the_same_without_its_pictures(line_end):
    data = CARD.replace(b"\n", line_end)
    slim = without_pictures(data)
    assert b"AAAA" not in slim and b"GGGG" not in slim
    assert slim.count(b"\n") == data.count(b"\n")
    assert read_address_book(slim) == read_address_book(data)
    assert read_address_book(slim)[0][0].addresses == [("mobile", "123")]


def test_what_is_no_vcard_stays_as_it_is():
    assert without_pictures(b"name,photo\nPHOTO:,1\n") == b"name,photo\nPHOTO:,1\n"
