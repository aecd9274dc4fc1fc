"""`alexa-local bias show` refuses what it cannot draw, before it looks at the recording."""

from __future__ import annotations

import pytest

from alexa_local.errors import UsageError


@pytest.mark.parametrize(
    ("options", "remedy"), [(("--out", "map.png"), "ends in .svg"), (("--top", "0"), "--top 1 or more")]
)
def test_wrong_options_are_told_with_their_remedy(command, options: tuple[str, ...], remedy: str) -> None:
    code, out, err = command("bias", "show", "nothing.wav", *options)
    assert code == UsageError.exit_code
    assert not out and remedy in err


def test_an_address_book_that_is_not_there_is_told(command) -> None:
    code, _, err = command("bias", "show", "nothing.wav", "--contacts", "nobody.vcf")
    assert code == UsageError.exit_code
    assert "nobody.vcf" in err
