from __future__ import annotations

import subprocess
import sys


def test_loading_settings_imports_little() -> None:
    code = "import sys, orrery.settings; print(len(sys.modules)); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, pydantic = done.stdout.split()
    assert int(count) < 220
    assert pydantic == "False"
