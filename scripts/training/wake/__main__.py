"""Train the network that hears a word: `python -m scripts.training.wake --help`; then `release` it."""

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
from scripts.training.wake.augment import Augmenter, Noises
from scripts.training.wake.network import WakeNetwork, take_over
from scripts.training.wake.train import Pools, Recipe, Trainer

_LOG = logging.getLogger(__name__)
_ONE_ROOMY_CLIP_IN = 4
"""One clip in so many is heard a second time, at another speed and in a room."""

_ONE_COMMAND_IN = 6
"""One of the single words of Speech Commands in so many is rendered into windows."""

_COPIES_WITHOUT_PEOPLE = 2
"""Windows rendered from each synthesised word when there is no recording of a person who says it."""


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
    recipe = Recipe(minutes=options.minutes, learning_rate=options.learning_rate)
    augment = Augmenter(_kept_noises(options, drawn.stream, rng), rng)
    options.out.mkdir(parents=True, exist_ok=True)
    network = WakeNetwork()
    if options.start:
        take_over(network, torch.load(options.start / "network.pt", weights_only=True))
    trainer = Trainer(network, drawn, augment, recipe, rng, options.out / "checkpoint.pt")
    trainer.run()
    torch.save(trainer.average.state_dict(), options.out / "network.pt")
    (options.out / "recipe.json").write_text(json.dumps(_record(options, recipe, trainer)))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.wake", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real recordings")
    parser.add_argument("--word", default="alexa", help="the word or phrase to be heard")
    parser.add_argument("--words", type=Path, nargs="*", default=[], help="shards of the word, synthesised")
    parser.add_argument("--commands", type=Path, nargs="*", default=[], help="shards of synthesised commands")
    parser.add_argument("--cache", type=Path, required=True, help="where decoded sound and features are kept")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="where the trained network goes; an unfinished run there goes on",
    )
    parser.add_argument(
        "--start", type=Path, help="the --out of a training to go on from, maybe of a smaller one"
    )
    parser.add_argument("--minutes", type=float, default=Recipe.minutes, help="of training")
    parser.add_argument("--learning-rate", type=float, default=Recipe.learning_rate)
    parser.add_argument("--copies", type=int, default=40, help="windows rendered from each real wake word")
    parser.add_argument(
        "--whispers", type=int, default=0, help="windows of made whispers of each real wake word besides"
    )
    parser.add_argument("--one-clip-in", type=int, default=1, help="use one clip of other speech in so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def _record(options: argparse.Namespace, recipe: Recipe, trainer: Trainer) -> dict[str, object]:
    """What the manifest says of this training."""
    shards = " ".join(f"COMMANDS/{shard.name}" for shard in options.commands)
    return {
        "command": f"python -m scripts.training.wake --word '{options.word}' --data DATA"
        f" --words WORDS/shard-* --commands {shards} --minutes {recipe.minutes}"
        f" --learning-rate {recipe.learning_rate} --copies {options.copies}"
        f" --whispers {options.whispers} --one-clip-in {options.one_clip_in} --seed {options.seed}"
        " --cache CACHE --out RUN" + (" --start FIRST" if options.start else ""),
        "started_from": json.loads((options.start / "recipe.json").read_text()) if options.start else None,
        "data": [
            *corpus.SPEECH_FOLDERS,
            "noise",
            "room_responses",
            "synthesised words",
            "synthesised commands",
            "made noise and music",
        ],
        "never_trained_on": ["wake_words/alexa-140 to 199", "LibriSpeech dev-clean", *corpus.DEV_FOLDERS],
        "cpu_minutes": round(time.process_time() / 60, 1),
        "batches": trainer.batches,
        **dataclasses.asdict(recipe),
    }


def build_pools(options: argparse.Namespace, rng: np.random.Generator) -> Pools:
    """Render the pools of the training split; each is kept in the cache."""
    real = corpus.shared_clips(options.data, options.word)
    waves = corpus.Waves(real, options.cache)
    rooms = render.Rooms(options.data, rng)
    train = [index for index, clip in enumerate(real) if clip.split == "train"]
    wakes = [index for index in train if real[index].wake]
    others = [index for index in train if not real[index].wake]
    words = [index for index in others if real[index].alone and real[index].folder != "speech_commands"]
    words += [index for index in others if real[index].folder == "speech_commands"][::_ONE_COMMAND_IN]
    renderer = render.Renderer(rooms, [waves[index] for index in others[::6]], rng)
    made = corpus.synthetic_clips(options.words, options.word)
    made_waves = corpus.Waves(made, options.cache)
    made_wakes = [index for index, clip in enumerate(made) if clip.split == "train" and clip.wake]
    made_others = [index for index, clip in enumerate(made) if clip.split == "train" and not clip.wake]

    made_copies = 1 if wakes else _COPIES_WITHOUT_PEOPLE

    def kept(name: str, windows: Callable[[], list[render.Window]]) -> pools.WindowPool | None:
        return _kept_pool(_kept_path(options, f"pool-{name}", "npz"), windows)

    real_wakes = kept("wakes", lambda: pools.render_wakes(renderer, waves, wakes, options.copies))
    if options.whispers and real_wakes:
        name = f"whispers-{options.whispers}"
        more = kept(name, lambda: pools.render_whispers(renderer, waves, wakes, options.whispers, rng))
        real_wakes = pools.joined([real_wakes, *([more] if more else [])])
    synthetic = kept("made-wakes", lambda: pools.render_wakes(renderer, made_waves, made_wakes, made_copies))
    parts = kept("parts", lambda: pools.render_parts(renderer, waves, wakes, 6, rng))
    made_parts = kept("made-parts", lambda: pools.render_parts(renderer, made_waves, made_wakes[::3], 1, rng))
    found = [
        parts,
        made_parts,
        kept("words", lambda: pools.render_others(renderer, waves, words)),
        kept("made-words", lambda: pools.render_others(renderer, made_waves, made_others)),
    ]
    stored = _kept_path(options, "stream", "npy")
    if not stored.exists():
        np.save(stored, _stream(options, waves, others, rooms, rng))
        _LOG.info("rendered %s", stored.name)
    return Pools(
        real_wakes, synthetic, pools.joined([pool for pool in found if pool]), np.load(stored, mmap_mode="r")
    )


def _kept_path(options: argparse.Namespace, name: str, ending: str) -> Path:
    """Where something rendered for these options is kept."""
    return options.cache / f"{name}-{options.word.replace(' ', '-')}-{options.copies}-{options.seed}.{ending}"


def _kept_noises(options: argparse.Namespace, speech: pools.Features, rng: np.random.Generator) -> Noises:
    path = _kept_path(options, "noises", "npz")
    if not path.exists():
        made = pools.noises(options.data, speech, rng)
        np.savez(path, **{f"{share}/{name}": features for name, (share, features) in made.items()})
        _LOG.info("rendered %s", path.name)
    with np.load(path) as kept:
        return {name.split("/")[1]: (float(name.split("/")[0]), kept[name]) for name in kept.files}


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
        spoken = corpus.synthetic_clips(options.commands, options.word)
        chosen = [index for index, clip in enumerate(spoken) if clip.split == "train" and not clip.wake]
        streams.append(pools.stream_features(corpus.Waves(spoken, options.cache), chosen, rng))
    return np.concatenate(streams)


def _kept_pool(path: Path, windows: Callable[[], list[render.Window]]) -> pools.WindowPool | None:
    """Windows from the cache, or rendered now; None when there are none."""
    if not path.exists():
        rendered = windows()
        if not rendered:
            return None
        np.savez(path, **vars(pools.window_pool(rendered)))
        _LOG.info("rendered %s", path.name)
    return pools.WindowPool(**np.load(path))


if __name__ == "__main__":
    sys.exit(main())
