"""Photos from http(s) addresses, within limits."""

from __future__ import annotations

import ipaddress
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from kerasalign._version import __version__

#: Largest file that is downloaded, seconds for all of it, and redirects.
MOST_BYTES, SECONDS, REDIRECTS = 64 * 2**20, 30.0, 5
_CHUNK = 1 << 16


class WebError(OSError):
    """A file that cannot be downloaded; the message is the reason."""


def is_address(source: Any) -> bool:
    """Whether a source is the text of an http or https address."""
    return isinstance(source, str) and source[:8].lower().startswith(("http://", "https://"))


def addresses_of(host: str) -> list[str]:
    """The IP addresses of a host."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None)]


def fetch(
    url: str,
    most_bytes: int = MOST_BYTES,
    seconds: float = SECONDS,
    resolve: Callable[[str], Iterable[str]] = addresses_of,
) -> bytes:
    """Downloads a file.

    Redirects are followed, but not from a public address to one of this machine or its network: an address that a
    stranger gives must not reach what only this machine may see.

    Args:
        url: An http or https address.
        most_bytes: Largest size.
        seconds: Time for all of it.
        resolve: Gives the IP addresses of a host.

    Raises:
        WebError: If it cannot be downloaded within the limits.
    """
    end = time.monotonic() + seconds
    opener = urllib.request.build_opener(_Redirects(_is_local(url, resolve), resolve))
    request = urllib.request.Request(url, headers={"User-Agent": f"kerasalign/{__version__}", "Accept": "image/*"})
    try:
        with opener.open(request, timeout=seconds) as response:
            return _read(response, most_bytes, end, seconds)
    except urllib.error.HTTPError as error:
        error.close()
        reason = (str(error.reason).splitlines() or [""])[0]
        raise WebError(f"the server answers {error.code} {reason}") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, WebError):
            raise error.reason from None
        raise WebError(f"it cannot be downloaded ({error.reason})") from None
    except WebError:
        raise
    except TimeoutError:
        raise WebError(f"it did not come within {seconds:g} seconds") from None
    except (OSError, ValueError) as error:
        raise WebError(f"it cannot be downloaded ({error})") from None


def _read(response: Any, most_bytes: int, end: float, seconds: float) -> bytes:
    parts, size = [], 0
    while True:
        # One read of the socket at a time: a server that sends a byte a second must not keep us.
        part = response.read1(_CHUNK)
        if not part:
            break
        size += len(part)
        if size > most_bytes:
            raise WebError(f"it is larger than {most_bytes:,} bytes")
        if time.monotonic() > end:
            raise WebError(f"it did not come within {seconds:g} seconds")
        parts.append(part)
    expected = response.headers.get("Content-Length", "")
    if expected.isdecimal() and int(expected) != size:
        raise WebError(f"the connection ended after {size:,} of {int(expected):,} bytes")
    return b"".join(parts)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https, and to this machine's network only from there."""

    max_redirections = REDIRECTS

    def __init__(self, local: bool, resolve: Callable[[str], Iterable[str]]) -> None:
        self.local = local
        self.resolve = resolve

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if not is_address(newurl):
            raise WebError("it redirects to something that is no http address")
        if not self.local and _is_local(newurl, self.resolve):
            raise WebError("it redirects to an address of this machine or its network")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_local(url: str, resolve: Callable[[str], Iterable[str]]) -> bool:
    """Whether the host of an address is this machine, or in a network that the internet does not reach."""
    try:
        host = urlsplit(url).hostname or ""
        return any(not ipaddress.ip_address(address.partition("%")[0]).is_global for address in resolve(host))
    except ValueError as error:
        raise WebError(f"it is no address ({error})") from None
    except OSError as error:
        raise WebError(f"its host is not known ({error})") from None
