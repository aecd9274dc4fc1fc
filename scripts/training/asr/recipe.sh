#!/bin/sh
# Train the recogniser from nothing: synthesise, extract, learn the word pieces, train, export; then its attention.
#   scripts/training/asr/recipe.sh DATA WORK      DATA: folder of manifests (librispeech, speechocean, ... and text/)
# Synthesis needs flite, festival (festvox-kallpc16k, festvox-us-slt-hts), espeak-ng and, from Debian's non-free part,
# libttspico-utils; without pico the other voices fill in. Everything resumes where it was interrupted.
# What its ideas are worth, and others (a teacher, minimum word error rate): arms.sh.
set -eu
data=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
cd "$(dirname "$0")/../../.."
python=${PYTHON:-python3}
stores=$work/stores
run=$work/run
mkdir -p "$stores" "$run"

"$python" -m scripts.training.synthesise --out "$work/synth" --text "$data/text" --seed 1 --hours 20 --shards 10
"$python" -m scripts.training.synthesise --out "$work/synth2" --text "$data/text" --seed 2 --hours 8 --shards 5
"$python" -m scripts.training.synthesise --out "$work/synth_names" --text "$data/text" --seed 1 --kind names --hours 1.5 --shards 1
"$python" -m scripts.training.synthesise --out "$work/synth3" --text "$data/text" --seed 3 --kind dictated --hours 3 --shards 2
"$python" -m scripts.training.synthesise --out "$work/synth_alexa" --text "$data/text" --seed 1 --kind alexa --shards 4

store() { # NAME MANIFEST... [--only REGEX] [--drop REGEX]: one feature store, unless it is there
    name=$1
    shift
    [ -e "$stores/$name/rows.f16" ] || "$python" -m scripts.training.asr.features --out "$stores/$name" "$@"
}
store noise --manifest "$data/noise/manifest.jsonl" --drop white_noise
store speech_commands --manifest "$data/speech_commands/manifest.jsonl"
store wake_real --manifest "$data/wake_words/manifest.jsonl" --only 'alexa-(0|1[0-5])'
store cv --manifest "$data/common_voice/manifest.jsonl" --manifest "$data/common_voice_extra/manifest.jsonl" --only ' en$'
store librispeech --manifest "$data/librispeech/manifest.jsonl"
store speechocean --manifest "$data/speechocean/manifest.jsonl"
store readers --manifest "$data/kathleen/manifest.jsonl" --manifest "$data/ljspeech/manifest.jsonl"
store words --manifest "$data/wake_words/manifest.jsonl" --manifest "$data/near_wake_words/manifest.jsonl" \
    --manifest "$data/phrases/manifest.jsonl" --only 'Precise|custom|wake_words/(computer|jarvis|smart|snowboy|view)'
for shard in "$work"/synth/shard-*; do
    store "synth-${shard##*-}" --manifest "$shard/manifest.jsonl"
done
for shard in "$work"/synth2/shard-*; do
    store "synth-2${shard##*-}" --manifest "$shard/manifest.jsonl"
done
for shard in "$work"/synth3/shard-*; do
    store "synth-3${shard##*-}" --manifest "$shard/manifest.jsonl"
done
store names-00 --manifest "$work/synth_names/shard-00/manifest.jsonl" # for the attention alone
set --
for shard in "$work"/synth_alexa/shard-*; do
    set -- "$@" --manifest "$shard/manifest.jsonl"
done
store wake_synth "$@"

for name in librispeech speechocean readers cv speech_commands; do # people's words, for the splices
    [ -e "$stores/$name/words.jsonl" ] || "$python" -m scripts.training.asr.splice --store "$stores/$name" --audio "$data"
done
[ -e "$stores/sentences.txt" ] || {
    "$python" -m scripts.training.sentences --text "$data/text" --count 70000 > "$stores/sentences.part"
    mv "$stores/sentences.part" "$stores/sentences.txt"
}

[ -e "$run/pieces.model" ] || "$python" -m scripts.training.asr.pieces --out "$run" --size 256 \
    "$stores/librispeech" "$stores/speechocean" "$stores/synth-00" "$stores/synth-00" "$stores/synth-01" "$stores/synth-01"
"$python" -m scripts.training.asr.train --run "$run" --stores "$stores" --minutes "${MINUTES:-200}" --threads "${THREADS:-1}" \
    --sparsity "${SPARSITY:-0}"
[ -e "$work/ngrams.npz" ] || "$python" -m scripts.training.asr.ngram --pieces "$run" --text "$data/text" --stores "$stores" \
    --sentences 190000 --out "$work/ngrams.npz"
trained=$run
[ "${BRANCH_STEPS:-0}" = 0 ] || { # the shipped encoder has no branches
    trained=$work/branches
    "$python" -m scripts.training.asr.branches --run "$run" --out "$trained" --stores "$stores" --steps "$BRANCH_STEPS" \
        --threads "${THREADS:-1}"
}
"$python" -m scripts.training.asr.export --run "$trained" --out firmware_models/asr-en --ngrams "$work/ngrams.npz"

"$python" -m scripts.training.attention.train --recogniser "$trained" --run "$work/attention" --stores "$stores" \
    --minutes "${ATTENTION_MINUTES:-12}" --threads "${THREADS:-1}"
"$python" -m scripts.training.attention.export --run "$work/attention" --model firmware_models/asr-en
"$python" -m scripts.training.selftest firmware_models/asr-en
