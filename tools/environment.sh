#!/bin/sh
# Install pinned requirements into a virtual environment, which is made if there is none.
#
#     [PYTHON=python3.12] sh tools/environment.sh FOLDER REQUIREMENTS
#
# Whatever goes wrong is one line that says what was found and what to do.
set -eu

folder=$1
requirements=$2
new_enough='import sys; print("%d.%d.%d" % sys.version_info[:3]); sys.exit(sys.version_info < (3, 11))'

fail() {
    echo "$1" >&2
    exit 1
}

# A command may exist and still not run: the shim of a version manager, the stub of a shop.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.13 python3.12 python3.11 python3 python
    fi
    too_old=
    for candidate in "$@"; do
        if version=$("$candidate" -c "$new_enough" 2>/dev/null); then
            python=$candidate
            return
        fi
        [ -z "$version" ] || too_old="$too_old $candidate ($version)"
    done
    [ -z "$too_old" ] || fail "Can't set up: Python 3.11 or newer is needed, found only$too_old. Install one, or name it: make PYTHON=/path/to/python3"
    fail "Can't set up: Python 3.11 or newer is needed, none of these runs: $*. Install one, or name it: make PYTHON=/path/to/python3"
}

make_folder() {
    find_python
    echo "Making $folder with $python ($version) ..."
    rm -rf "$folder"
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    "$python" -m venv "$folder" >/dev/null 2>&1 ||
        fail "Can't set up: $python ($version) can't make a virtual environment. On Debian and Ubuntu: apt install python${version%.*}-venv; or name another: make PYTHON=/path/to/python3"
    trap - EXIT INT TERM
}

if ! "$folder/bin/python" -c "$new_enough; import pip" >/dev/null 2>&1; then
    make_folder
fi
echo "Installing $requirements into $folder, a minute or two ..."
"$folder/bin/python" -m pip install -q --disable-pip-version-check -r "$requirements" ||
    fail "Can't set up: pip could not install $requirements, see above. Is the network there? The same command tries again."
