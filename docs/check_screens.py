"""Looks at the built site as a phone does: `python docs/check_screens.py SITE [--width 390]`.

Chromium opens every page in a frame of that width. A page that is wider than its screen, or that asks another server
for something, fails. Without Chromium (Debian: `apt-get install chromium`) nothing is checked, and that is said.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# So many pages are opened at once.
TOGETHER = 10
# Chromium prints the document when all its frames are there, and after what runs then.
DOCUMENT = """<!doctype html><title>screens</title>{frames}<pre id="found"></pre><script>
addEventListener("load", () => {{
  const found = {{}};
  for (const frame of document.querySelectorAll("iframe")) {{
    const root = frame.contentDocument.documentElement, over = root.scrollWidth - root.clientWidth;
    const wide = over > 0 ? [...root.querySelectorAll("body *")]
      .filter(e => e.getBoundingClientRect().right > root.clientWidth + 1).slice(0, 3)
      .map(e => e.outerHTML.slice(0, 80)) : [];
    const foreign = frame.contentWindow.performance.getEntriesByType("resource").map(e => e.name)
      .filter(name => !/^(data|blob):/.test(name) && !name.startsWith(location.origin));
    found[frame.getAttribute("src")] = {{over, wide, foreign}};
  }}
  document.getElementById("found").textContent = JSON.stringify(found);
}});
</script>"""
FRAME = '<iframe src="/{page}" style="border:0;height:800px;width:{width}px"></iframe>'


class Pages(SimpleHTTPRequestHandler):
    """Serves the site, and quietly."""

    def log_message(self, *_) -> None:
        """Nothing is said of each request."""


class Server(ThreadingHTTPServer):
    """A browser that hangs up on a request is no error."""

    def handle_error(self, *_) -> None:
        """Nothing is said of it."""


def find_browser() -> str | None:
    """Chromium or Chrome, where one is installed."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def look(site: Path, width: int, browser: str) -> dict[str, dict]:
    """What is found of each page, by its address."""
    pages = sorted(path.parent.relative_to(site).as_posix() + "/" for path in site.rglob("index.html"))
    pages = ["404.html", *(page.removeprefix("./") for page in pages if not page.startswith("demo/"))]
    server = Server(("127.0.0.1", 0), partial(Pages, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found: dict[str, dict] = {}
    document = site / "__screens__.html"
    try:
        for start in range(0, len(pages), TOGETHER):
            frames = "".join(FRAME.format(page=page, width=width) for page in pages[start : start + TOGETHER])
            document.write_text(DOCUMENT.format(frames=frames), "utf-8")
            found |= dumped(browser, f"http://127.0.0.1:{server.server_port}/{document.name}")
    finally:
        server.shutdown()
        server.server_close()
        document.unlink(missing_ok=True)
    return found


def dumped(browser: str, address: str) -> dict[str, dict]:
    """What a document of frames says when it is loaded."""
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--dump-dom"]
        run = subprocess.run([*command, address], capture_output=True, text=True, timeout=120, check=True)
    told = re.search(r'<pre id="found">(.+?)</pre>', run.stdout, re.DOTALL)
    if not told:
        raise RuntimeError(f"{browser} did not finish: {run.stderr[-500:]}")
    return json.loads(html.unescape(told[1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("--width", type=int, default=390)
    args = parser.parse_args()

    browser = find_browser()
    if browser is None:
        print("No page was looked at: Chromium is not installed.")
        return 0
    found = look(args.site, args.width, browser)
    bad = {page: row for page, row in found.items() if row["over"] > 0 or row["foreign"]}
    for page, row in bad.items():
        print(f"{page or 'index'}: {row['over']} px wider than {args.width}; {row['wide']} {row['foreign']}")
    print(f"{len(found)} pages at {args.width} px, {len(bad)} with faults.")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
