"""`python3 -m workshop.doctor`, which `make doctor` calls: the doctor where nothing may be installed yet."""

import sys

from workshop.doctor.report import report
from workshop.terminal import fit_encoding

fit_encoding()
sys.exit(report(as_json="--json" in sys.argv[1:]))
