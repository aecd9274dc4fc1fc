"""The last lines of the measuring commands: other programs read these keys, so they only ever grow."""

import pytest

from scripts.evaluation.asr import Words
from scripts.evaluation.endpoint import Ends
from scripts.evaluation.intent import Intents
from scripts.evaluation.lattice import Lattices
from scripts.evaluation.wake import Wakes

ENDPOINT = (
    "clips final_ms_p50 final_ms_p90 speculative_ms_p50 lead_ms_p50 early_final early_speculative resets"
)


@pytest.mark.parametrize(
    ("found", "keys"),
    [
        (Words(), "clips words wer rtf"),
        (Words(counts_names=True), "clips words wer rtf names names_right"),
        (Wakes(0.5), "positives missed missed_pct hours false_accepts false_per_hour"),
        (Intents(), "clips exact slots_f1"),
        (Ends(), ENDPOINT),
        (Lattices(), "clips wer oracle_wer bytes_median opus_ratio"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_nothing_measured_has_all_keys_and_numbers_in_them(found, keys: str) -> None:
    summary = found.summary()
    assert set(keys.split()) <= set(summary)
    assert all(isinstance(summary[key], int | float) for key in keys.split())
