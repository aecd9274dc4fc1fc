"""The comparison of mixes: all on the same lattices, beside what was heard."""

from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.rescore import Mix
from scripts.evaluation.rescoring import compare


class KnowsAnna:
    """A model that finds Anna likelier than anybody."""

    start = ()

    def score(self, history: tuple[()], word: str) -> float:
        return 0.0 if word == "anna" else -1.0

    def next(self, history: tuple[()], word: str) -> tuple[()]:
        return ()


def test_each_mix_is_counted_on_the_same_lattices() -> None:
    arcs = [LatticeArc(0, 1, "call", 0.0, 0.4, 0.0)]
    arcs += [
        LatticeArc(1, 2, word, 0.4, 0.9, acoustic) for word, acoustic in (("anna", -1.0), ("hannah", -0.5))
    ]
    lattice = Lattice((0.0, 0.4, 0.9), tuple(arcs))
    clips = [("Call Anna!", "call hannah", lattice)] * 2
    words, heard, wrong, _ = compare(clips, KnowsAnna(), [Mix(model=0.1), Mix(model=0.9)])
    assert (words, heard, wrong) == (4, 2, [2, 0])
