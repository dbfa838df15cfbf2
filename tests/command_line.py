"""The command line in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "demo"


class CommandLine:
    """Runs ``lineage`` with one store."""

    def __init__(self, store: str) -> None:
        self.environment = os.environ | {
            "LINEAGE_STORE": store,
            "LINEAGE_SETTINGS": str(DEMO / "settings.toml"),
            "PYTHONWARNINGS": "error::ResourceWarning",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from lineage.cli import main; main()", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
