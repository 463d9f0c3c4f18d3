"""Settings that containers have as files."""

from pathlib import Path

import pytest

from kit import settings

KEY = "SECRET_KEY"


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "SECRETS", tmp_path)
    monkeypatch.delenv(KEY, raising=False)
    return tmp_path


def test_file_stands_for_a_variable(secrets: Path) -> None:
    (secrets / KEY).write_text("from a file\n")
    assert settings.SessionSettings.read().secret_key == "from a file"


def test_variable_comes_before_a_file(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secrets / KEY).write_text("from a file")
    monkeypatch.setenv(KEY, "from a variable")
    assert settings.SessionSettings.read().secret_key == "from a variable"


def test_missing_secret_is_named(secrets: Path) -> None:
    with pytest.raises(RuntimeError, match=f"Set {KEY} to"):
        settings.SessionSettings.read()


def test_without_a_folder_of_secrets_variables_count_alone(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr(settings, "SECRETS", secrets / "none")
    monkeypatch.setenv(KEY, "from a variable")
    assert settings.SessionSettings.read().secret_key == "from a variable"
    assert not recwarn.list
