"""The package's README and addresses, as the package index shows them.

An index shows README.md without the repository beside it, so that its pictures and links need whole addresses. They are
known only where a release is built: GitHub Actions sets GITHUB_SERVER_URL, GITHUB_REPOSITORY and GITHUB_REF_NAME, the
tag. Built elsewhere the README is left as it is and no address is invented.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Fills in `readme` and `urls`."""

    def update(self, metadata: dict) -> None:
        """Called by hatchling."""
        text = (Path(self.root) / "README.md").read_text("utf-8")
        if address := repository(os.environ):
            text = with_addresses(text, address, os.environ["GITHUB_REF_NAME"])
            changes = f"{address}/blob/HEAD/CHANGELOG.md"
            metadata["urls"] = {"Source": address, "Issues": f"{address}/issues", "Changelog": changes}
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def repository(environment: Mapping[str, str]) -> str | None:
    """The address of the repository that is built by GitHub Actions."""
    if not environment.get("GITHUB_REPOSITORY") or not environment.get("GITHUB_REF_NAME"):
        return None
    return f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{environment['GITHUB_REPOSITORY']}"


def with_addresses(text: str, repository: str, tag: str) -> str:
    """A README whose relative links lead to the repository at a tag; pictures to the files themselves."""

    def absolute(link: re.Match) -> str:
        kind = "raw" if link[1] else "blob"
        return f"{link[1]}[{link[2]}]({repository}/{kind}/{tag}/{link[3]})"

    return LINK.sub(absolute, text)
