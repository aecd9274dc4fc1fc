"""Lattices: how near to the truth their best and their luckiest readings come, and in how many bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import Hypothesis, Lattice
from alexa_local.recognise import spoken_form
from alexa_local.recognise.lattice import oracle_errors
from alexa_local.recognise.lattice_wire import WIRE_BYTES, from_bytes, to_bytes_within
from scripts.evaluation.asr import edits
from scripts.evaluation.manifest import Row
from scripts.evaluation.opus import encoded_bytes, nominal_bytes

TranscribeWithLattice = Callable[[NDArray[np.int16]], tuple[list[Hypothesis], Lattice]]


@dataclass
class Lattices:
    """What a run over clips found.

    Attributes:
        without_text: clips whose words are not known; they count for the sizes alone.
        words: words of the references.
        errors: wrong, missed and made-up words of the best readings.
        oracle_errors: those of the luckiest reading in each lattice, as it is read from its bytes.
        sizes: bytes of each lattice.
        arcs: arcs of each.
        ratios: for each clip, the bytes of its sound's Opus packets at 24 kbit/s over those of its lattice.
        not_encoded: clips whose Opus could not be made here; its nominal rate counts for them.
    """

    without_text: int = 0
    words: int = 0
    errors: int = 0
    oracle_errors: int = 0
    sizes: list[int] = field(default_factory=list)
    arcs: list[int] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    not_encoded: int = 0

    def summary(self) -> dict[str, float]:
        """The last line of `scripts/evaluate lattice`."""
        return {
            "clips": len(self.sizes),
            "wer": round(100 * self.errors / max(1, self.words), 2),
            "oracle_wer": round(100 * self.oracle_errors / max(1, self.words), 2),
            "bytes_median": round(median(self.sizes)) if self.sizes else 0,
            "opus_ratio": round(median(self.ratios), 1) if self.ratios else 0.0,
        }

    def lines(self) -> list[str]:
        """The same for people."""
        found = self.summary()
        return [
            f"{found['clips']} clips, {self.words} words; without a text, for the sizes alone: "
            f"{self.without_text}",
            f"word error rate {found['wer']} %, that of the luckiest readings {found['oracle_wer']} %",
            f"bytes: median {found['bytes_median']}, largest {max(self.sizes, default=0)}; "
            f"arcs: median {round(median(self.arcs)) if self.arcs else 0}",
            f"the sound's Opus packets at 24 kbit/s are {found['opus_ratio']} times larger (median); "
            f"not encoded but reckoned: {self.not_encoded}",
        ]


def measure(
    clips: Iterable[tuple[Row, NDArray[np.int16]]],
    transcribe: TranscribeWithLattice,
    per_clip: Callable[[dict[str, Any]], None],
) -> Lattices:
    """Recognise every clip, and send its lattice through the form for the wire."""
    found = Lattices()
    for row, samples in clips:
        reference = spoken_form(str(row.labels.get("text") or "")).split()
        hypotheses, lattice = transcribe(samples)
        data = to_bytes_within(lattice, WIRE_BYTES)
        sent = from_bytes(data)
        found.sizes.append(len(data))
        found.arcs.append(len(sent.arcs))
        opus = encoded_bytes(samples)
        found.not_encoded += opus is None
        found.ratios.append((nominal_bytes(samples) if opus is None else opus) / len(data))
        recognised = hypotheses[0].text.split()
        row_found = {
            "audio": row.audio,
            "recognised": hypotheses[0].text,
            "bytes": len(data),
            "arcs": len(sent.arcs),
        }
        if reference:
            made, luckiest = edits(reference, recognised).total, oracle_errors(sent, reference)
            found.words += len(reference)
            found.errors += made
            found.oracle_errors += luckiest
            row_found |= {"text": " ".join(reference), "edits": made, "oracle_edits": luckiest}
        else:
            found.without_text += 1
        per_clip(row_found)
    return found
