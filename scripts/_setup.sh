# Sets up a checkout: system packages, a virtual environment, the package. Sourced by the commands beside it.
#
# setup run | setup test | setup bench   make sure that everything for that job is there; what is there costs no time.
# install_packages=no                    (before calling) installs no system package and only says which are missing.
# The virtual environment is $ALEXA_LOCAL_VENV, or .venv beside the checkout's files; it is made with
# $ALEXA_LOCAL_PYTHON, or the first python3 that is new enough.
# shellcheck shell=sh

if [ -z "${root:-}" ]; then
    root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
fi
venv=${ALEXA_LOCAL_VENV:-$root/.venv}
install_packages=${install_packages:-yes}

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# name | what it is for | the shell test that says whether it is there
packages_to_run() {
    cat <<'END'
python3-venv|to make the virtual environment|python_has_venv
python3-dev|to build PyAudio and systemd-python|python_has_headers
gcc|to build PyAudio and systemd-python|has_command gcc
pkgconf|to find the libraries that they are built with|has_command pkg-config
portaudio19-dev|to build PyAudio, which opens the microphone and the loudspeaker|is_installed portaudio19-dev
libportaudio2|PortAudio itself|is_installed libportaudio2
libspeexdsp1|takes what the device plays out of what its microphone hears|is_installed libspeexdsp1
libsystemd-dev|to build systemd-python, which tells systemd that the daemon is well|is_installed libsystemd-dev
flite|the voice that speaks the replies, and the commands of the demo|has_command flite
END
}

# These serve single tests, which are skipped without them; a desktop whose sound is PipeWire keeps it.
packages_to_test() {
    cat <<'END'
mosquitto|the MQTT broker that tests start on a loopback port|is_installed mosquitto
pulseaudio|the virtual room with a microphone and a loudspeaker for tests|is_installed pulseaudio || is_installed pipewire-audio || is_installed pipewire-alsa
pulseaudio-utils|plays into that virtual room and records from it|is_installed pulseaudio-utils
libasound2-plugins|leads PortAudio to that virtual room|is_installed libasound2-plugins
END
}

has_command() { command -v "$1" >/dev/null 2>&1; }
is_installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
# What only makes the environment is not missed once that is made.
python_has_venv() { is_set_up || { [ -n "$python" ] && "$python" -c 'import venv, ensurepip' 2>/dev/null; }; }
python_has_headers() {
    is_set_up || {
        [ -n "$python" ] && "$python" -c 'import pathlib, sys, sysconfig
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' 2>/dev/null
    }
}

# Puts the path of a new enough Python in $python, or nothing, and its version in $python_version.
find_python() {
    python=
    python_version=
    for candidate in ${ALEXA_LOCAL_PYTHON:-python3 /usr/bin/python3 python3.13 python3.12 python3.11}; do
        found=$("$candidate" -c 'import sys
if sys.version_info >= (3, 11):
    print(sys.executable, sys.version.split()[0], sep="|")' 2>/dev/null) || continue
        if [ -n "$found" ]; then
            python=${found%|*}
            python_version=${found##*|}
            return
        fi
    done
    if has_command "${ALEXA_LOCAL_PYTHON:=python3}"; then
        die "Python 3.11 or newer is needed; this is $("$ALEXA_LOCAL_PYTHON" --version). Debian 12 or newer has one."
    fi
}

# Reads a list as above, prints the rows of it that are missing.
missing_of() {
    while IFS='|' read -r name why there; do
        eval "$there" </dev/null || printf '%s|%s\n' "$name" "$why"
    done
}

# Tells what is missing ($1, rows of "name|why"), and puts the names in $names.
tell_missing() {
    say "System packages that this machine lacks:"
    printf '%s\n' "$1" | while IFS='|' read -r name why; do
        printf '  %-20s %s\n' "$name" "$why" >&2
    done
    names=$(printf '%s\n' "$1" | cut -d '|' -f 1 | tr '\n' ' ')
    names=${names% }
}

# Root already, or through sudo, which may ask for a password where somebody can type one.
can_be_root() {
    [ "$(id -u)" -eq 0 ] || { has_command sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >&2 || return 1
    # --no-remove: never at the cost of something that the person uses.
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends --no-remove $names >&2
}

# ensure_packages LIST needed|wanted: installs what is missing. Needed: ends the script when that fails.
ensure_packages() {
    missing=$("$1" | missing_of)
    [ -n "$missing" ] || return 0
    tell_missing "$missing"
    if [ "$install_packages" = no ]; then
        say "Nothing installed (--no-install); going on without."
        return 0
    elif ! has_command apt-get; then
        trouble="There is no apt-get here to install them with."
    elif ! can_be_root; then
        trouble="Only root can install them, and this user cannot become root through sudo."
    else
        say "Installing them by apt-get (as root, or through sudo)."
        apt_install && return 0
        trouble="They could not be installed."
    fi
    if [ "$2" = wanted ]; then
        say "$trouble The tests that use them are skipped."
        return 0
    fi
    die "$trouble Run this as root and start again (or try without them: --no-install):
  apt-get update && apt-get install $names"
}

# One line for what the environment was made from: another Python or other dependencies make it anew.
fingerprint() {
    { cat "$root/setup.cfg" "$root/pyproject.toml" && printf '%s' "$root $python $python_version"; } |
        sha256sum | cut -d ' ' -f 1
}

# Whether the environment is there for the job in $job; one for tests serves every job.
is_set_up() {
    [ -n "$python" ] && [ -x "$venv/bin/python" ] || return 1
    wanted=$(fingerprint)
    for stamp in "$venv/.set-up-for-$job" "$venv/.set-up-for-test"; do
        if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
            return 0
        fi
    done
    return 1
}

# The virtual environment with the package, editable, and the extras of $job.
ensure_environment() {
    is_set_up && return 0
    say "Setting up $venv with Python $python_version (some minutes the first time)."
    rm -f "$venv"/.set-up-for-*
    if ! "$venv/bin/python" -c 'import pip' 2>/dev/null ||
        [ "$("$venv/bin/python" -VV)" != "$("$python" -VV)" ]; then
        "$python" -m venv --clear "$venv" || die "The virtual environment $venv could not be made."
    fi
    extras=
    [ "$job" = test ] && extras='[test]'
    (cd "$root" && "$venv/bin/python" -m pip install -qq --disable-pip-version-check --editable ".$extras" >&2) ||
        die "pip could not install the package (see above). Check the network and the system packages, then run this again."
    fingerprint >"$venv/.set-up-for-$job"
}

setup() {
    job=$1
    find_python
    ensure_packages packages_to_run needed
    if [ -z "$python" ]; then
        find_python
        [ -n "$python" ] || die "No Python 3.11 or newer was found. Install python3 and python3-venv."
    fi
    if [ "$job" = test ]; then
        ensure_packages packages_to_test wanted
    fi
    ensure_environment
}
