"""The key to the model: environment before keyring before file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.test_keychain import BACKEND

ASK = """
from console import keychain
from console.config import load_config
from console.model_key import model_defaults
keychain.KEYRING_SECONDS = 60.0
endpoint = model_defaults(load_config()).endpoint
print(endpoint.key if endpoint else "no endpoint")
"""


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"OPENAI_API_KEY": "from-env"}, "from-env"),
        ({"OPENAI_BASE_URL": "http://h/v1"}, "from-keyring"),
        ({"OPENAI_API_KEY_FILE": "key"}, "from-keyring"),
        ({"OPENAI_API_KEY_FILE": "key", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}, "from-file"),
        ({"OPENAI_BASE_URL": "http://h/v1", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}, "None"),
        ({"CONSOLE_MODEL_CHAT": "m"}, "from-keyring"),
        ({}, "no endpoint"),
    ],
)
def test_where_it_comes_from(tmp_path: Path, given: dict[str, str], key: str) -> None:
    (tmp_path / "ours.py").write_text(BACKEND.format(store=str(tmp_path), sleep=0))
    (tmp_path / "openai").write_text("from-keyring")
    (tmp_path / "key").write_text("from-file\n")
    (tmp_path / "key").chmod(0o600)
    env = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "ours.Keyring", "CONSOLE_DATA_DIR": str(tmp_path / "data"), **given,
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", ASK], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == key, done.stderr
