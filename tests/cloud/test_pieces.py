"""Words as pieces: every word can be written, by the longest pieces from its beginning on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.cloud.pieces import BEGINS_WORD, EDGE_PIECE, END, LETTERS, Pieces

VOCABULARY = (EDGE_PIECE, BEGINS_WORD, *LETTERS, f"{BEGINS_WORD}an", f"{BEGINS_WORD}anna", "na")


def test_the_longest_piece_that_fits_is_taken() -> None:
    pieces = Pieces(VOCABULARY)
    written = [VOCABULARY[number] for number in pieces.of("anna ann banana")]
    begins = BEGINS_WORD
    assert written == [f"{begins}anna", f"{begins}an", "n", begins, "b", "a", "na", "na", EDGE_PIECE]


@given(st.lists(st.text(LETTERS, min_size=1, max_size=12), max_size=5))
def test_pieces_written_together_are_the_text(words: list[str]) -> None:
    numbers = Pieces(VOCABULARY).of(" ".join(words))
    assert numbers[-1] == END
    assert "".join(VOCABULARY[number] for number in numbers[:-1]) == "".join(
        BEGINS_WORD + one for one in words
    )


def test_signs_that_no_piece_has_are_left_out() -> None:
    pieces = Pieces(VOCABULARY)
    assert pieces.of("anna 7 €an") == [
        *pieces.of("anna")[:-1],
        *pieces.of("z")[:1] * 2,
        VOCABULARY.index("a"),
        VOCABULARY.index("n"),
        END,
    ]


def test_a_vocabulary_that_cannot_write_every_word_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        Pieces(VOCABULARY[:10])
    with pytest.raises(ValueError, match="lacks"):
        Pieces(VOCABULARY[1:])
