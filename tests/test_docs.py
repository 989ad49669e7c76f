"""What the documentation says is true: its tables are today's, its code runs, its links lead somewhere."""

import importlib
import pkgutil
import re
from pathlib import Path

import build_tables
import pytest
from page_tables.exhibits import EXHIBITS, Numbers, Rows
from page_tables.reference import REFERENCE
from page_tables.terms import license_text
from page_tables.zoo import zoo_page
from site_hooks import command_reference, foreign_addresses
from typer.testing import CliRunner

import kerasalign
from kerasalign.cli import app
from kerasalign.hub import read_manifest
from kerasalign.models import list_ablations

TOP = Path(__file__).resolve().parents[1]
PAGES = [*sorted(TOP.glob("*.md")), *sorted((TOP / "docs").rglob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def files_of(page):
    """Blocks whose first line names a file, such as `# fine/config.py`: they are that file."""
    blocks = PYTHON.findall(page.read_text("utf-8"))
    named = [(re.match(r"# (\S+\.py)\n", block), block) for block in blocks]
    return {match[1]: block for match, block in named if match}


def test_tables_are_those_of_the_manifest():
    again = "Run: python docs/build_tables.py"
    assert (TOP / "docs" / "zoo.md").read_text("utf-8") == zoo_page(), again
    assert (TOP / "weights" / "LICENSE.txt").read_text("utf-8") == license_text(), again
    old = [page.name for page in build_tables.PAGES if page.read_text("utf-8") != build_tables.updated(page)]
    assert not old, again
    assert build_tables.BLOCK.search((TOP / "README.md").read_text("utf-8"))


@pytest.mark.parametrize("page", [p for p in PAGES if PYTHON.search(p.read_text("utf-8"))], ids=lambda p: p.name)
def test_code_runs(page, tmp_path, monkeypatch):
    """The blocks of a page, one after the other, as a reader runs them: in an empty folder, with nothing given."""
    monkeypatch.chdir(tmp_path)
    if page.name == "README.md":
        kerasalign.example_photos(".")  # its three lines take a photo of the reader's
    names = {}
    monkeypatch.syspath_prepend(tmp_path)
    files = files_of(page)
    for name, block in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(block)
    for block in PYTHON.findall(page.read_text("utf-8")):
        if block not in files.values():
            exec(block, names)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    missing = [t for t in targets if not t.startswith("http") and not (page.parent / t).exists()]
    assert not missing


REFERENCES = [name for page in PAGES for name in re.findall(r"^::: (\S+)$", page.read_text("utf-8"), re.MULTILINE)]


@pytest.mark.parametrize("name", REFERENCES)
def test_what_the_reference_describes_is_there_and_documented(name):
    assert pkgutil.resolve_name(name).__doc__


def test_every_public_name_is_in_the_reference():
    rooms = {name for name in REFERENCES if hasattr(pkgutil.resolve_name(name), "__path__")}
    listed = {name.rpartition(".")[2] for name in REFERENCES}
    listed |= {name for room in rooms for name in importlib.import_module(room).__all__}
    public = {*kerasalign.__all__}
    for path in (TOP / "kerasalign").glob("*/__init__.py"):
        public |= {*getattr(importlib.import_module(f"kerasalign.{path.parent.name}"), "__all__", ())}
    assert public - listed == {"app"}  # the command line, which has a page of its own


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_options_that_are_named_exist(page):
    groups = {group.name for group in app.registered_groups}
    for line in re.findall(r"kerasalign (\w+ [^`\n]*--[^`\n]*)", page.read_text("utf-8")):
        words = line.split()
        command = words[: 2 if words[0] in groups else 1]
        told = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"}).stdout
        for option in re.findall(r"--[\w-]+", line):
            assert option in told, f"kerasalign {command} has no {option}"


def test_ci_runs_the_command_of_the_readme():
    text = (TOP / "README.md").read_text("utf-8")
    block = re.search(r"^<!-- tests: .*-->\n```bash\n(.*)\n```$", text, re.MULTILINE)
    assert block and block.group(1).split(" && ")[-1].startswith(".venv/bin/pytest")


def test_every_number_that_a_paper_prints_has_its_command():
    entries = [entry for exhibits in EXHIBITS.values() for entry in exhibits]
    shown = {}
    for entry in entries:
        if isinstance(entry, Numbers):
            printed = {result.protocol for result in read_manifest()[entry.preset].paper_results}
            assert set(entry.protocols) <= printed
            shown.setdefault(entry.preset, set()).update(entry.protocols or printed)
    for name, preset in read_manifest().presets.items():
        # The number of musica49-wflw is in the README of the authors' code, not in the paper.
        if preset.paper_results and name != "musica49-wflw":
            assert shown[name] == {result.protocol for result in preset.paper_results}, name
    assert {entry.ablation for entry in entries if isinstance(entry, Rows)} == set(list_ablations())
    for tables in REFERENCE.values():
        for table in tables:
            head, *rows = table.cells()
            assert rows and all(len(row) == len(head) for row in rows), table.where


def test_a_page_that_asks_other_servers_for_something_is_noticed():
    own = '<link href="a.css" rel="stylesheet"><img src="x.png"><a href="https://keras.io">Keras</a>'
    assert not foreign_addresses(own)
    for loads in (
        '<script src="//cdn.x/y.js"></script>',
        '<img src="https://x/y.png">',
        "<style>@import 'https://f'</style>",
    ):
        assert foreign_addresses(own + loads)


def test_the_page_of_the_command_describes_every_command():
    text = command_reference()
    commands = {command.name for command in [*app.registered_commands, *app.registered_groups]}
    assert commands == set(re.findall(r"^## `kerasalign (\w+)`", text, re.MULTILINE))


def test_the_tests_that_are_named_for_each_point_exist():
    lines = (TOP / "tests" / "README.md").read_text("utf-8").splitlines()
    named = 0
    for line in lines:
        file = None
        for path, name in re.findall(r"`([\w/]*(?:\.py)?)::(test_\w+)`", line):
            file = path or file
            assert f"\ndef {name}(" in (TOP / "tests" / file).read_text("utf-8"), (file, name)
            named += 1
    assert named > 80
