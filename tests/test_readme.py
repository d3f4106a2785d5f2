"""The README's example prints what the README says."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def test_example_prints_what_is_shown(tmp_path: Path) -> None:
    """Saved as example.py and run, the first block of code prints the block below it."""
    shown = re.search(
        r"```python\n(?P<code>.*?)```\n\n```text\n(?P<output>.*?)```", README.read_text("utf-8"), re.DOTALL
    )
    assert shown
    example = tmp_path / "example.py"
    example.write_text(shown["code"], "utf-8")
    run = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == (shown["output"], "")
