"""One update applied, in a process of its own, as `scripts.benchmarks.update` starts it: its memory is ours.

Prints the most memory ever resident, in MB.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alexa_local.errors import AlexaLocalError
from alexa_local.generations import Generation, apply_package, digest_of, files_of, version_of
from scripts.benchmarks.subject import peak_rss_mb


def main(generation_file: str, package_file: str, old: str, new: str) -> int:
    """Apply the package; the exit status tells whether it could be."""
    try:
        generation = Generation.from_bytes(Path(generation_file).read_bytes())
        fitting = generation.packages_for(version_of(Path(old)), digest_of(files_of(Path(old))))
        apply_package(Path(package_file), fitting[0], generation, Path(old), Path(new))
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(peak_rss_mb())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
