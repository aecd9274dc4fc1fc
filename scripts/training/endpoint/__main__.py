"""Train the end-of-speech model and write its folder: `python -m scripts.training.endpoint --help`."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from alexa_local.frontend import STEP_FRAMES
from alexa_local.recognise.end_of_speech import NETWORK_FILE
from scripts.training.asr.features import open_store
from scripts.training.endpoint.export import export
from scripts.training.endpoint.network import EndNetwork
from scripts.training.endpoint.scenes import Clips, Scene, Stage
from scripts.training.manifest import write_manifest

_LOG = logging.getLogger(__name__)
NAME = "end-of-speech"
SHARES = {"librispeech": 0.3, "speechocean": 0.25, "synth": 0.35, "readers": 0.05, "cv": 0.05}
"""Which part of the scenes each kind of store gives."""

_TEMPLATE = Path(__file__).with_name("CARD.template.md")


def main() -> int:
    """Train, judge on speakers who were kept out, and write the model's folder."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if not (options.stores / "noise" / "index.jsonl").exists():
        _LOG.error("No feature stores in %s. Make them with scripts.training.asr.features.", options.stores)
        return 66
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    stage = make_stage(options.stores, options.seed)
    network = new_network(stage)
    if options.start:
        network.load_state_dict(torch.load(options.start, weights_only=True))
    train(network, stage, options.batches, options.batch, options.learning_rate)
    figures = judge(network, make_stage(options.stores, options.seed + 1, held_out=True))
    _LOG.info("on speakers kept out: %s", figures)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), options.out / "network.pt")
    write_folder(network, options, figures)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.endpoint", description=__doc__)
    parser.add_argument("--stores", type=Path, required=True, help="folder of the feature stores")
    parser.add_argument("--out", type=Path, required=True, help="where the trained network goes")
    parser.add_argument(
        "--folder", type=Path, default=Path("firmware_models") / NAME, help="the model's folder"
    )
    parser.add_argument("--start", type=Path, help="a trained network to go on from")
    parser.add_argument("--batches", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=48, help="scenes in a batch")
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def make_stage(stores: Path, seed: int, held_out: bool = False) -> Stage:
    """Scenes from the stores: from speakers who may be trained on, or from those kept out."""
    found: dict[str, list[Path]] = {}
    for folder in sorted(stores.iterdir()):
        name = folder.name.split("-")[0]
        if name in SHARES and folder.name != "synth-08":  # the last shard is for judging
            found.setdefault(name, []).append(folder)
    if held_out:
        speech = [(Clips([stores / "speechocean"], held_out=True), 0.5), (Clips([stores / "synth-08"]), 0.5)]
    else:
        speech = [(Clips(folders), SHARES[name]) for name, folders in found.items()]
    wakes = Clips([stores / "wake_real"], shortest=40)
    return Stage(speech, wakes, open_store(stores / "noise")[0], np.random.default_rng(seed))


def new_network(stage: Stage) -> EndNetwork:
    """A network that knows how loud the bands are, and nothing else."""
    network = EndNetwork()
    sample = np.concatenate([stage.scene().frames for _ in range(100)])
    network.mean.data = torch.from_numpy(sample.mean(0))
    network.scale.data = torch.from_numpy(1.0 / sample.std(0))
    return network


def train(network: EndNetwork, stage: Stage, batches: int, size: int, learning_rate: float) -> None:
    """So many batches more."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda batch: min(1.0, (batch + 1) / 50) * (0.01 + 0.495 * (1 + np.cos(np.pi * batch / batches))),
    )
    started_s, losses = time.monotonic(), []
    for batch in range(batches):
        frames, wanted = _stacked([stage.scene() for _ in range(size)])
        logits = network(frames)
        loss = functional.binary_cross_entropy_with_logits(logits, wanted, weight=torch.tensor([0.4, 1.0]))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 2.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if batch % 50 == 49:
            _LOG.info("batch %s: %.4f, %.0f s", batch + 1, np.mean(losses), time.monotonic() - started_s)
            losses = []


def _stacked(scenes: list[Scene]) -> tuple[torch.Tensor, torch.Tensor]:
    """Frames (B, T, 64) and what is wanted of each step (B, T / 4, 2)."""
    frames = torch.from_numpy(np.stack([scene.frames for scene in scenes]))
    wanted = np.stack([np.stack([scene.voice, scene.ended], 1) for scene in scenes])
    return frames, torch.from_numpy(wanted.astype(np.float32))


@torch.no_grad()
def judge(network: EndNetwork, stage: Stage, scenes: int = 400) -> dict[str, Any]:
    """How often it says too early that a speaker has finished, and how long after the end it says so."""
    network.eval()
    table: dict[str, Any] = {"scenes": scenes, "thresholds": []}
    drawn = [stage.scene() for _ in range(scenes)]
    logits = torch.cat([network(_stacked(drawn[at : at + 50])[0]) for at in range(0, scenes, 50)])
    ended = torch.sigmoid(logits[..., 1]).numpy()
    voice = logits[..., 0].numpy() > 0
    table["voice_right_pct"] = round(100 * float(np.mean(voice == np.stack([s.voice for s in drawn]))), 1)
    for threshold in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95):
        table["thresholds"].append({"p": threshold, **_at(ended, drawn, threshold)})
    return table


def _at(ended: NDArray[np.float32], drawn: list[Scene], threshold: float) -> dict[str, float]:
    early, waits = 0, []
    for row, scene in zip(ended, drawn, strict=True):
        end = int(np.argmax(scene.ended)) if scene.ended.any() else len(row)
        said_before = bool((row[:end] >= threshold).any())
        early += said_before
        after = np.flatnonzero(row[end:] >= threshold)
        if len(after):
            waits.append(1000 * (int(after[0]) + 1) * STEP_FRAMES / 100)
    half, most = np.percentile(waits or [np.nan], (50, 90))
    return {"early_pct": round(100 * early / len(drawn), 1), "ms_p50": round(half), "ms_p90": round(most)}


def write_folder(network: EndNetwork, options: argparse.Namespace, figures: dict[str, Any]) -> None:
    """The file, its manifest and its card."""
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    export(network, folder / NETWORK_FILE)
    about = {
        "name": NAME,
        "version": 1,
        "inputs": {
            "frames": "float32 (8, 64): log-mel rows, of which the last 4 are new",
            "memory": "float32 (1, 56): state, zeros at first",
        },
        "outputs": {
            "logits": "float32 (1, 2): somebody speaks in this step; the speaker has finished",
            "memory_out": "float32 (1, 56)",
        },
        "training": {
            "command": "python -m scripts.training.endpoint --stores STORES --out RUN "
            f"--batches {options.batches} --batch {options.batch} "
            f"--learning-rate {options.learning_rate} --seed {options.seed}"
            + (" --start FIRST/network.pt" if options.start else ""),
            "data": [*SHARES, "wake_words/alexa-000 to 159", "noise"],
            "never_trained_on": [
                "LibriSpeech dev-clean",
                "coffee_orders",
                "names_numbers_addresses",
                "wake_words/alexa-160 to 199",
                "speechocean: speakers whose number ends in 0 or 5",
            ],
            "cpu_minutes": round(time.process_time() / 60, 1),
        },
        "figures": {"kept_out": figures},
    }
    write_manifest(folder, [NETWORK_FILE], about)
    rows = "\n".join(
        f"| {row['p']} | {row['early_pct']} | {row['ms_p50']} | {row['ms_p90']} |"
        for row in figures["thresholds"]
    )
    card = _TEMPLATE.read_text(encoding="utf-8").format(
        kilobytes=(folder / NETWORK_FILE).stat().st_size / 1000, rows=rows, scenes=figures["scenes"]
    )
    (folder / "CARD.md").write_text(card, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
