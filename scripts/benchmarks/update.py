"""What an update of the recogniser takes and gives: the kept packages, applied and measured.

    scripts/bench update [MANIFEST...]

Two packages lead from the shipped recogniser to one that knows a garden and its power: what plain training
made, and the neural diff of it (`scripts.training.adapt`). Both are applied as a device applies them, in a
process whose memory is measured, and every file must come out bit for bit. Without recordings, sentences that
were kept out of the training are read by a voice that was kept out of it, and the everyday commands too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.config import RecogniserSettings
from alexa_local.errors import AlexaLocalError, UpdateError
from alexa_local.generations import Generation, digest_of, files_of, make_package
from alexa_local.models import Model, open_model
from alexa_local.recognise import Options, Recogniser, spoken_form
from scripts.demo.scene import speak
from scripts.evaluation.asr import Edits, edits
from scripts.evaluation.manifest import Choice, Clips, read_manifest

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "firmware_models" / "updates"
"""By model: of each update, NAME.json (its generation, unsigned) and NAME.package."""
PLAIN, SMALL = "plain", "neural-diff"
SETS = {"a garden and its power": "outdoors_commands.txt", "everyday commands": "everyday_commands.txt"}
"""What is read aloud, from scripts/evaluation; the first is what the packages teach."""
VOICE = "rms"
"""flite's, which no training hears."""
_LIMIT_S = 300.0

Said = tuple[str, NDArray[np.int16]]
"""What is said in a clip, and its samples, int16 (N,)."""


def recordings(manifests: Sequence[Path], limit: int) -> list[Said]:
    """The clips of the manifests that have a text."""
    rows = [row for manifest in manifests for row in read_manifest(manifest) if row.labels.get("text")]
    clips = Clips(Choice(limit=limit).of(rows), None, lambda line: print(line, file=sys.stderr))
    return [(str(row.labels["text"]), samples) for row, samples in clips]


def read_aloud(file: str, limit: int) -> list[Said]:
    """The lines of a file, by the voice that no training hears."""
    lines = (ROOT / "scripts" / "evaluation" / file).read_text(encoding="utf-8").splitlines()
    return [(text, speak(text, VOICE)) for text in lines[: limit or None]]


def word_errors(folder: Path, clips: Sequence[Said]) -> float:
    """Percent of the words that a model gets wrong, misses or makes up."""
    settings = RecogniserSettings()
    options = Options(settings.beam, min(settings.beam, settings.n_best))
    recogniser = Recogniser(open_model(folder.name, folder.parent), options, settings.threads)
    made, words = Edits(), 0
    for text, samples in clips:
        reference = spoken_form(text).split()
        made += edits(reference, spoken_form(recogniser.transcribe(samples)[0].text).split())
        words += len(reference)
    return round(100 * made.total / max(1, words), 2)


def applied(kept: Path, name: str, old: Path, new: Path) -> tuple[int, float]:
    """Apply a kept package; returns its bytes and the most memory that it took, in MB.

    Raises:
        UpdateError: it builds upon another model than `old`, or a file did not come out bit for bit.
    """
    generation = Generation.from_bytes((kept / f"{name}.json").read_bytes())
    digest = digest_of(files_of(old))
    if digest not in {package.base_digest for package in generation.packages}:
        raise UpdateError(
            f"The kept packages build upon another {old.name}. Make them anew: "
            "scripts/training/adapt/recipe.sh WORK (see firmware_models/updates/asr-en/CARD.md)."
        )
    new.parent.mkdir(parents=True, exist_ok=True)
    files = [str(one) for one in (kept / f"{name}.json", kept / f"{name}.package", old, new)]
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.benchmarks.applying", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
    )
    if ended.returncode or files_of(new) != generation.files:
        raise UpdateError(f"The package {name} could not be applied: {ended.stderr.strip()[-300:]}")
    return (kept / f"{name}.package").stat().st_size, float(ended.stdout)


def bench(model: Model, kept: Path, sets: dict[str, list[Said]], work: Path) -> dict[str, float]:
    """Apply both packages, and hear every set of clips before and after; the first set is what was learnt."""
    old, after = model.folder, {name: work / name / model.name for name in (PLAIN, SMALL)}
    taken = {name: applied(kept, name, old, new) for name, new in after.items()}
    full_bytes = make_package("full", None, after[SMALL], work / "package").bytes
    heard = {
        about: [word_errors(folder, clips) for folder in (old, *after.values())]
        for about, clips in sets.items()
    }
    print(f"full package: {full_bytes} bytes, of {sum(one.bytes for one in files_of(old).values())} of files")
    for name, (size, rss_mb) in taken.items():
        share = 100 * size / full_bytes
        print(f"{name}: {size} bytes, {share:.2f} % of the full package; {rss_mb:.1f} MB resident")
    for about, (before, plain, small) in heard.items():
        print(f"word error rate, {about}: before {before} %, plain {plain} %, neural diff {small} %")
    wer_before, _, wer_after = next(iter(heard.values()))
    return {
        "full_bytes": full_bytes,
        "delta_bytes": taken[PLAIN][0],
        "neural_diff_bytes": taken[SMALL][0],
        "wer_before": wer_before,
        "wer_after": wer_after,
        "rss_mb": round(max(rss_mb for _, rss_mb in taken.values()), 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="scripts/bench update", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("manifests", nargs="*", type=Path, metavar="MANIFEST")
    parser.add_argument(
        "--limit", type=int, default=150, metavar="N", help="clips of each kind; 0 for all (150)"
    )
    args = parser.parse_args(argv)
    try:
        if args.manifests:
            sets = {"recordings": recordings(args.manifests, args.limit)}
        else:
            sets = {about: read_aloud(file, args.limit) for about, file in SETS.items()}
        model = open_model(RecogniserSettings().model)
        with tempfile.TemporaryDirectory() as work:
            found = bench(model, KEPT / model.name, sets, Path(work))
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
