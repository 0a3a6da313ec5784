#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image: what is missing here fails the build, and
# never a submission.
set -euo pipefail

root=${AUTOGRADER_ROOT:-/autograder}
home=${GRADER_HOME:-/opt/grader}

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
is_complete() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

python=
for name in python3 python3.13 python3.12 python3.11; do
  if is_recent "$name"; then python=$name && break; fi
done
if [ -z "$python" ] || ! is_complete "$python"; then
  # Ubuntu 22.04 comes with Python 3.10 and offers 3.11 beside it.
  python=${python:-python3.11}
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$python" "$python-venv"
fi

"$python" -m venv "$home"
"$home/bin/python" -m pip install --quiet --no-cache-dir -r "$root/source/requirements.txt"

# Each submission has a container of its own from this image: compiled once, here.
"$home/bin/python" -m compileall -q "$root/source/package"
export PYTHONPATH=$root/source/package
"$home/bin/python" -P -c 'from grader.cli import main; main(["doctor", "--plain"])'
"$home/bin/python" -P -m grader.autograder.container --try "$root"
