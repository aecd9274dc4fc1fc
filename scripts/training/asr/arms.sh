#!/bin/sh
# The arms of firmware_models/REPORT.md: a teacher, then trainings on from a finished one with one idea changed
# each, exported and measured on the same clips. Everything resumes where it was interrupted.
#   scripts/training/asr/arms.sh RUN STORES OUT EVERYDAY RARER PEOPLE WAKES
# RUN: the finished training; STORES: the recipe's; the rest: manifests of the clips to measure on, and of
# recordings of the wake word by the voice of EVERYDAY and RARER.
set -eu
run=$(realpath "$1") stores=$(realpath "$2") everyday=$(realpath "$4") rarer=$(realpath "$5") people=$(realpath "$6")
wakes=$(realpath "$7")
mkdir -p "$3"
out=$(realpath "$3")
cd "$(dirname "$0")/../../.."
python=${PYTHON:-python3}
steps=${STEPS:-500}
results=${RESULTS:-firmware_models/REPORT.jsonl}

measure() { # NAME RUN [ARGUMENTS]: once
    name=$1 of=$2
    shift 2
    grep -qs "^{\"name\": \"$name\"" "$results" || "$python" -m scripts.training.asr.measure --results "$results" \
        --name "$name" --run "$of" "$@" --set everyday "$everyday" 100 --set rarer "$rarer" 150 --set people "$people" 200 \
        --wake-words "$wakes" --after-wake everyday --after-wake rarer
}

exported() { # NAME RUN [ARGUMENTS OF measure]: as int8
    name=$1 of=$2
    shift 2
    [ -e "$out/models/$name/manifest.json" ] || "$python" -m scripts.training.asr.export --run "$of" \
        --out "$out/models/$name" --ngrams firmware_models/asr-en/ngrams.npz
    measure "$name" "$of" --model "$out/models/$name" "$@"
}

arm() { # NAME [ARGUMENTS OF tune]
    name=$1
    shift
    "$python" -m scripts.training.asr.tune --run "$run" --out "$out/$name" --stores "$stores" --steps "$steps" "$@"
    exported "$name" "$out/$name"
}

"$python" -m scripts.training.asr.teacher --run "$run" --out "$out/teacher-itself" --stores "$stores" --steps "${TEACHER_STEPS:-1000}"
arm control
arm teacher --teacher "$out/teacher-itself"
arm no-context --wake-share 0
measure teacher-itself "$out/teacher-itself"
measure d-pytorch "$run" --idea "its student, searched in the same way"
arm no-grid --grid 0
arm untranscribed --teacher "$out/teacher-itself" --untranscribed
exported d "$run" --idea "the dense model"
"$python" -m scripts.training.asr.export --run "$run" --out "$out/models/d-float32" --ngrams firmware_models/asr-en/ngrams.npz --float
measure d-float32 "$run" --model "$out/models/d-float32" --idea "float32 weights"
"$python" -m scripts.training.asr.report --results "$results"
