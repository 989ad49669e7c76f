"""A Hub of the test's own on the loopback: download, revision, tree, commit and upload, with faults to inject."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class LoopbackHub:
    """Repositories in memory, served as huggingface.co serves them.

    `faults` maps a part of a request's line, such as `"HEAD /user"`, to what goes wrong: `{"status": 503}`, with
    `"code"` for the Hub's error code; `{"cut": 5}` closes the connection after 5 bytes; `{"content": b"..."}` serves
    other bytes; `{"hold": event}` waits in the middle. `"times"` says how often; without it, always.
    """

    def __init__(self):
        self.commits: dict[tuple[str, str], dict[str, bytes]] = {}
        self.heads: dict[str, str] = {}
        self.faults: dict[str, dict] = {}
        self.requests: list[str] = []
        self.stored: dict[str, bytes] = {}
        self.messages: list[str] = []
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def add(self, repo: str, files: dict[str, bytes], revision: str | None = None) -> str:
        """Commits files on top of the main branch; returns the commit."""
        files = self.commits.get((repo, self.heads.get(repo, "")), {}) | files
        text = repo + "".join(name + hashlib.sha1(content).hexdigest() for name, content in sorted(files.items()))
        revision = revision or hashlib.sha1(text.encode()).hexdigest()
        self.commits[repo, revision] = files
        self.heads[repo] = revision
        return revision

    def fault(self, request: str) -> dict | None:
        with self.lock:
            for part, fault in self.faults.items():
                if part in request and fault.get("times", 1) > 0:
                    if "times" in fault:
                        fault["times"] -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    hub: LoopbackHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Keeps the test's output clean."""

    def do_HEAD(self):
        self.answer()

    do_GET = do_POST = do_PUT = do_CONNECT = do_HEAD  # noqa: N815

    def answer(self):
        # A client that takes this server for its proxy sends the whole address.
        path = urlsplit(self.path).path
        line = f"{self.command} {path or self.path}"
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.hub.lock:
            self.hub.requests.append(f"{self.command} {self.path}")
        fault = self.hub.fault(line) or {}
        if "status" in fault:
            headers = {"X-Error-Code": fault["code"]} if "code" in fault else {}
            self.send(fault["status"], b"", headers)
            return
        parts = path.strip("/").split("/")
        if len(parts) > 4 and parts[2] == "resolve":
            self.resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]), fault)
        elif parts[:2] == ["api", "models"] and parts[4:5] in (["revision"], []):
            self.revision("/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main")
        elif parts[:2] == ["api", "models"] and parts[4] == "tree":
            self.tree("/".join(parts[2:4]), parts[5])
        elif parts[:2] == ["api", "models"] and parts[4] == "preupload":
            self.preupload(json.loads(body))
        elif parts[:2] == ["api", "models"] and parts[4] == "commit":
            self.commit("/".join(parts[2:4]), body)
        elif parts[:3] == ["api", "repos", "create"]:
            asked = json.loads(body)
            repo = f"{asked['organization']}/{asked['name']}"
            known = repo in self.hub.heads
            if not known:
                self.hub.add(repo, {".gitattributes": b""})
            self.json({"url": f"{self.hub.url}/{repo}"}, 409 if known else 200)
        elif parts[:2] == ["api", "validate-yaml"]:
            self.json({"warnings": [], "errors": []})
        elif parts[-2:] == ["objects", "batch"]:
            href = f"{self.hub.url}/store/"
            objects = [
                {"oid": o["oid"], "size": o["size"], "actions": {"upload": {"href": href + o["oid"]}}}
                for o in json.loads(body)["objects"]
            ]
            self.json({"transfer": "basic", "objects": objects})
        elif parts[0] == "store":
            self.hub.stored[parts[1]] = body
            self.send(200, b"")
        else:
            self.send(404, b"")

    def resolve(self, repo, revision, name, fault):
        revision = self.hub.heads.get(repo) if revision == "main" else revision
        if repo not in self.hub.heads:
            self.send(401, b"")
            return
        files = self.hub.commits.get((repo, revision))
        if files is None or name not in files:
            code = "RevisionNotFound" if files is None else "EntryNotFound"
            self.send(404, b"", {"X-Error-Code": code})
            return
        etag = hashlib.sha256(files[name]).hexdigest()
        content = fault.get("content", files[name])
        headers = {"X-Repo-Commit": revision, "ETag": f'"{etag}"', "Accept-Ranges": "none"}
        half = len(content) // 2
        if "hold" in fault and self.command == "GET":
            self.send(200, content[:half], headers, len(content))
            fault.get("started", threading.Event()).set()
            fault["hold"].wait(20)
            self.wfile.write(content[half:])
        elif "cut" in fault and self.command == "GET":
            self.send(200, content[: fault["cut"]], headers, len(content))
            self.close_connection = True
        else:
            self.send(200, content, headers)

    def revision(self, repo, revision):
        if repo not in self.hub.heads:
            self.send(404, b"", {"X-Error-Code": "RepoNotFound"})
            return
        sha = self.hub.heads[repo] if revision == "main" else revision
        self.json({"id": repo, "sha": sha, "siblings": []})

    def tree(self, repo, revision):
        entries = []
        for name, content in self.hub.commits[repo, revision].items():
            entry = {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            if name.endswith(".h5"):
                entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
            entries.append(entry)
        self.json(entries)

    def preupload(self, asked):
        modes = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(".h5") else "regular",
                "shouldIgnore": False,
            }
            for file in asked["files"]
        ]
        self.json({"files": modes})

    def commit(self, repo, body):
        files = {}
        for line in body.decode().splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                self.hub.messages.append(value["summary"])
            elif item["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                files[value["path"]] = self.hub.stored[value["oid"]]
        revision = self.hub.add(repo, files)
        self.json({"commitUrl": f"{self.hub.url}/{repo}/commit/{revision}", "commitOid": revision})

    def json(self, content, status=200):
        self.send(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def send(self, status, content, headers=None, length=None):
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
            self.wfile.flush()
