#!/bin/sh
# Makes firmware_models/updates/asr-en from the shipped recogniser: what `scripts/bench update` measures.
#
# usage: scripts/training/adapt/recipe.sh WORK [STORE...]     (in the repository's root)
#
# WORK takes what is made on the way. Each STORE is one of the recogniser's training (scripts/training/asr/recipe.sh
# makes them), to be replayed, so that nothing is forgotten; NOISE names one of noise. About ten minutes of one core,
# and as long again for the voices (flite, SVOX pico, festival, espeak-ng).
set -eu
work=$1
shift
python=${PYTHON:-python}
adapt="$python -m scripts.training.adapt"
mkdir -p "$work"

[ -e "$work/sentences.txt" ] || {
    "$python" -m scripts.training.adapt.outdoors --count 900 > "$work/sentences.part"
    mv "$work/sentences.part" "$work/sentences.txt"
}
"$python" -m scripts.training.synthesise --kind given --sentences "$work/sentences.txt" --out "$work/speech" \
    --clips 2700 --shards 1 --seed 5
[ -e "$work/store/rows.f16" ] ||
    "$python" -m scripts.training.asr.features --out "$work/store" --manifest "$work/speech/shard-00/manifest.jsonl"

set -- --run "$work/run" --new "$work/store" ${1:+--replay "$@"} ${NOISE:+--noise "$NOISE"}
$adapt "$@" --out "$work/plain/asr-en"
$adapt "$@" --out "$work/small/asr-en" --share "${SHARE:-0.01}"
"$python" -m scripts.training.adapt.keep --new "$work/plain/asr-en" --name plain
"$python" -m scripts.training.adapt.keep --new "$work/small/asr-en" --name neural-diff
