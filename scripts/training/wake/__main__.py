"""Train the wake word and write firmware_models/wake-alexa: `python -m scripts.training.wake --help`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from scripts.training.wake import corpus, pools, render
from scripts.training.wake.augment import Augmenter
from scripts.training.wake.network import WakeNetwork
from scripts.training.wake.train import Pools, Recipe, Trainer, stream_scores, window_scores

_LOG = logging.getLogger(__name__)
_ONE_ROOMY_CLIP_IN = 10
"""One clip in so many is heard a second time, at another speed and in a room."""

_ONE_COMMAND_IN = 6
"""One of the single words of Speech Commands in so many is rendered into windows."""


def main() -> int:
    """Run every step: decode, render, train, choose the threshold, export."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if not (options.data / "wake_words" / "manifest.jsonl").exists():
        _LOG.error(
            "No recordings in %s. Give the folder of the data sets with --data; nothing was trained.",
            options.data,
        )
        return 66
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    drawn = build_pools(options, rng)
    recipe = Recipe(batches=options.batches, learning_rate=options.learning_rate)
    noise = pools.noise_features(options.data, rng)
    network = WakeNetwork()
    if options.start:
        network.load_state_dict(torch.load(options.start, weights_only=True))
    augment = Augmenter(noise, drawn.stream, rng)
    Trainer(network, drawn, augment, recipe, rng).run()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), options.out / "network.pt")
    (options.out / "recipe.json").write_text(json.dumps(_record(options, recipe)))
    validate(network, options)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.wake", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real recordings")
    parser.add_argument("--words", type=Path, nargs="*", default=[], help="shards of synthesised wake words")
    parser.add_argument("--commands", type=Path, nargs="*", default=[], help="shards of synthesised commands")
    parser.add_argument("--cache", type=Path, required=True, help="where decoded sound and features are kept")
    parser.add_argument("--out", type=Path, required=True, help="where the trained network goes")
    parser.add_argument("--start", type=Path, help="a trained network to go on from")
    parser.add_argument("--batches", type=int, default=Recipe.batches)
    parser.add_argument("--learning-rate", type=float, default=Recipe.learning_rate)
    parser.add_argument("--copies", type=int, default=20, help="windows rendered from each real wake word")
    parser.add_argument("--one-clip-in", type=int, default=2, help="use one clip of other speech in so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def _record(options: argparse.Namespace, recipe: Recipe) -> dict[str, object]:
    """What the manifest says of this training."""
    shards = " ".join(f"COMMANDS/{shard.name}" for shard in options.commands)
    command = f"python -m scripts.training.wake --data DATA --words WORDS/shard-* --commands {shards}"
    command += f" --learning-rate {recipe.learning_rate}"
    command += f" --copies {options.copies} --one-clip-in {options.one_clip_in} --batches {recipe.batches}"
    return {
        "command": f"{command} --seed {options.seed} --cache CACHE --out RUN"
        + (" --start FIRST/network.pt" if options.start else ""),
        "started_from": _started_from(options),
        "data": [
            *corpus.SPEECH_FOLDERS,
            "noise",
            "room_responses",
            "synthesised words",
            "synthesised commands",
        ],
        "never_trained_on": ["wake_words/alexa-140 to 199", "LibriSpeech dev-clean", *corpus.DEV_FOLDERS],
        "cpu_minutes": round(time.process_time() / 60, 1),
        **dataclasses.asdict(recipe),
    }


def _started_from(options: argparse.Namespace) -> object:
    """The record of the training that this one goes on from, if any."""
    if options.start is None:
        return None
    return json.loads((options.start.parent / "recipe.json").read_text(encoding="utf-8"))


def build_pools(options: argparse.Namespace, rng: np.random.Generator) -> Pools:
    """Render the pools of the training split; each is kept in the cache."""
    real = corpus.shared_clips(options.data)
    waves = corpus.Waves(real, options.cache)
    rooms = render.Rooms(options.data, rng)
    train = [index for index, clip in enumerate(real) if clip.split == "train"]
    wakes = [index for index in train if real[index].wake]
    others = [index for index in train if not real[index].wake]
    words = [index for index in others if real[index].alone and real[index].folder != "speech_commands"]
    words += [index for index in others if real[index].folder == "speech_commands"][::_ONE_COMMAND_IN]
    renderer = render.Renderer(rooms, [waves[index] for index in others[::6]], rng)
    made = corpus.synthetic_clips(options.words)
    made_waves = corpus.Waves(made, options.cache) if made else None
    made_wakes = [index for index, clip in enumerate(made) if clip.split == "train" and clip.wake]
    made_others = [index for index, clip in enumerate(made) if clip.split == "train" and not clip.wake]
    key = f"{options.copies}-{options.seed}"

    def kept(name: str, windows: Callable[[], list[render.Window]]) -> pools.WindowPool:
        return _kept_pool(options.cache / f"pool-{name}-{key}.npz", windows)

    real_wakes = kept("wakes", lambda: pools.render_wakes(renderer, waves, wakes, options.copies))
    parts = kept("parts", lambda: pools.render_parts(renderer, waves, wakes, 4, rng))
    found = [parts, kept("words", lambda: pools.render_others(renderer, waves, words))]
    synthetic = None
    if made_waves is not None:
        synthetic = kept("made-wakes", lambda: pools.render_wakes(renderer, made_waves, made_wakes, 1))
        found.append(kept("made-words", lambda: pools.render_others(renderer, made_waves, made_others[::2])))
    stored = options.cache / f"stream-{key}.npy"
    if not stored.exists():
        np.save(stored, _stream(options, waves, others, rooms, rng))
    return Pools(real_wakes, synthetic, pools.joined(found), np.load(stored))


def _stream(
    options: argparse.Namespace,
    waves: corpus.Waves,
    others: list[int],
    rooms: render.Rooms,
    rng: np.random.Generator,
) -> pools.Features:
    """All the other speech one after another, a part of it again in rooms, and synthesised commands."""
    streams = [pools.stream_features(waves, others[:: options.one_clip_in], rng)]
    streams.append(pools.stream_features(waves, others[::_ONE_ROOMY_CLIP_IN], rng, rooms))
    if options.commands:
        spoken = corpus.synthetic_clips(options.commands)
        chosen = [index for index, clip in enumerate(spoken) if clip.split == "train" and not clip.wake]
        streams.append(pools.stream_features(corpus.Waves(spoken, options.cache), chosen, rng))
    return np.concatenate(streams)


def _kept_pool(path: Path, windows: Callable[[], list[render.Window]]) -> pools.WindowPool:
    if not path.exists():
        np.savez(path, **vars(pools.window_pool(windows())))
        _LOG.info("rendered %s", path.name)
    return pools.WindowPool(**np.load(path))


def validate(network: WakeNetwork, options: argparse.Namespace) -> None:
    """Log how many validation words are missed at several rates of false accepts."""
    rng = np.random.default_rng(99)
    real = corpus.shared_clips(options.data)
    waves = corpus.Waves(real, options.cache)
    held = [index for index, clip in enumerate(real) if clip.split == "validation"]
    others = [index for index in held if not real[index].wake]
    stored = options.cache / "validation.npz"
    if not stored.exists():
        renderer = render.Renderer(render.Rooms(options.data, rng), [waves[index] for index in others], rng)
        wakes = pools.render_wakes(renderer, waves, [index for index in held if real[index].wake], 10)
        np.savez(
            stored, stream=pools.stream_features(waves, others, rng), wakes=pools.window_pool(wakes).features
        )
    arrays = np.load(stored)
    stream, wakes = arrays["stream"], arrays["wakes"]
    noise = pools.noise_features(options.data, rng)
    noisy = Augmenter(noise, stream, rng)(torch.from_numpy(wakes.astype(np.float32))).numpy()
    scores = stream_scores(network, stream)
    hours = len(scores) / 90_000
    blocks = np.sort(scores[: len(scores) // 50 * 50].reshape(-1, 50).max(1))[::-1]  # two seconds each
    clean_best, noisy_best = window_scores(network, wakes), window_scores(network, noisy.astype(np.float16))
    for rate in (0.0, 1.0, 2.0, 4.0, 8.0):
        threshold = blocks[int(rate * hours)]
        _LOG.info(
            "%.2f h at %.1f false/h: threshold %.2f, missed %.2f %% of windows, %.2f %% with noise",
            hours,
            rate,
            threshold,
            100 * (clean_best <= threshold).mean(),
            100 * (noisy_best <= threshold).mean(),
        )


if __name__ == "__main__":
    sys.exit(main())
