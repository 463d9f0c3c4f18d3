#!/bin/sh
# Write *.txt from *.in, pinned by hash. One resolution for all files lets them share one environment.
set -eu
cd "$(dirname "$0")"
lock="${UV:-uv} pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header"
services="../step[23]_*/requirements.in ../step[23]_*/*/requirements.in ../step[23]_*/*/*/requirements.in"
trap 'rm -f all.txt' EXIT
$lock ./*.in $services -o all.txt "$@"
for source in *.in $services; do
    $lock "$source" -c all.txt -o "${source%.in}.txt"
done
rm service.txt events.txt  # the files of the services include them
