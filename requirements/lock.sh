#!/bin/sh
# Writes requirements/*.txt from *.in: hash-pinned, one resolution for all files, so that they fit in one environment.
set -eu
cd "$(dirname "$0")"
lock="${UV:-uv} pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header"
trap 'rm -f all.txt' EXIT
$lock ./*.in -o all.txt "$@"
for source in *.in; do
    $lock "$source" -c all.txt -o "${source%.in}.txt"
done
