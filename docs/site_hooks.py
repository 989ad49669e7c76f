"""What the build adds: the command's reference, the changelog, the networks of the demo. Foreign addresses fail."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from mkdocs.exceptions import PluginError

TOP = Path(__file__).resolve().parents[1]
# Attributes of HTML that make a browser load what they name; `a href` is only followed by people.
LOADED = {"src", "srcset", "poster", "data"}
FOREIGN = re.compile(r"^(https?:)?//")
FOREIGN_STYLE = re.compile(r"(?:@import\s+|url\()\s*[\"']?(?:https?:)?//")


def command_reference() -> str:
    """Every command with its arguments and options, as typer describes them."""
    typer = [sys.executable, "-m", "typer", "kerasalign.cli", "utils", "docs", "--name", "kerasalign"]
    run = subprocess.run(typer, capture_output=True, text=True, encoding="utf-8", check=True, cwd=TOP)
    # The list of commands at the top cuts its sentences off, and the contents beside the page list them as well.
    _, first, rest = run.stdout.partition("\n## ")
    text = first + rest
    # `--x / --no-x` and values such as <json|csv> are code, as the options around them are.
    return re.sub(r"^\* `([^`]+)`: ", r"- `\1`  \n  ", text.lstrip("\n"), flags=re.MULTILINE)


def changelog() -> str:
    """CHANGELOG.md, whose links lead from the top of the repository, as a page of this folder."""
    text = (TOP / "CHANGELOG.md").read_text("utf-8")
    return text.replace("](docs/", "](").partition("\n")[2]


WRITERS = {"command reference": command_reference, "changelog": changelog}


def on_page_markdown(markdown: str, **_) -> str:
    """Writes what a page asks for by a comment such as `<!-- written here: changelog -->`."""
    return re.sub(r"<!-- written here: ([\w ]+) -->", lambda match: WRITERS[match[1]](), markdown)


class _Loads(HTMLParser):
    """Collects the addresses that a page makes a browser load from other servers."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = LOADED | ({"href"} if tag in ("link", "image", "use") else set())
        if tag == "link" and dict(attrs).get("rel") in ("canonical", "alternate"):
            return
        self.foreign += [value for name, value in attrs if name in names and value and FOREIGN.match(value)]


def foreign_addresses(html: str) -> list[str]:
    """The addresses on other servers from which a page loads pictures, scripts, styles or frames."""
    parser = _Loads()
    parser.feed(html)
    return parser.foreign + FOREIGN_STYLE.findall(html)


def on_post_page(output: str, page, **_) -> str:
    """A page that loads anything from another server fails the build: readers are nobody else's business."""
    if foreign := foreign_addresses(output):
        raise PluginError(f"{page.file.src_uri} loads from other servers: {', '.join(foreign)}")
    return output


def on_post_build(config, **_) -> None:
    """Adds its networks to the page that runs in the browser.

    Without npm, or where it cannot fetch anything, they are left out, and the page says so.
    """
    import kerasalign
    from kerasalign.cli.web.page import write_page
    from kerasalign.cli.web.runtime import NpmUnavailable, onnxruntime_web
    from kerasalign.hub import read_manifest

    try:
        runtime = onnxruntime_web()
    except NpmUnavailable as error:
        logging.getLogger("mkdocs.hooks").info("The networks of the demo are left out: %s", error)
        return
    model = kerasalign.load(read_manifest().default, runtime="onnxruntime", quantize="float16")
    write_page(Path(config.site_dir, "demo"), model, runtime, home="../browser/")
