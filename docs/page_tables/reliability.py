"""The table of docs/reliability.md: each fault that a test injects, from the tests' names."""

from __future__ import annotations

import ast
from pathlib import Path

from page_tables.rows import TOP, markdown

# What is promised, and the files whose every test injects a fault against it.
PROMISES = {
    "tests/runtimes/test_cache_faults.py": "A damaged runtime file is never used; it is made once, whoever needs it",
    "tests/training/test_run_faults.py": "A run ends with its last good states, or with an error that says what to do",
    "tests/test_files_faults.py": "A killed writer loses nothing, and two writers never mix",
    "tests/hub/test_weights.py": "A download that is not the file that the manifest names is never used",
    "tests/hub/test_hub_faults.py": "A preset of others costs, prints and publishes only what it may",
    "tests/test_bounded.py": "Input cannot make the machine work, wait or start programs for its sender",
    "tests/datasets/test_reader_faults.py": "Annotations that no photo can have are named and can be left out",
    "tests/cli/test_align_faults.py": "What was found is kept, and one bad file stops no other",
    "tests/test_stopping.py": "A signal to end lets the program save",
    "tests/runtimes/test_forks.py": "A process that cannot work says so and does not hang",
}


def faults_table() -> str:
    """A row for each test: fault, promise, file."""
    rows = [
        (name.removeprefix("test_").replace("_", " "), promise, f"`{file}`")
        for file, promise in PROMISES.items()
        for name in _tests(TOP / file)
    ]
    return markdown([("fault", "promise", "test"), *rows])


def _tests(path: Path) -> list[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
