"""URLs as users write them: what they may hold, whether something here can open them, and what errors say of them."""

import re
from pathlib import PurePosixPath

from nasgauge.core.errors import UserError, unknown_name

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_PASSWORD = r":(?!\d+(?:/|$))[^@\s]*"  # it may hold a slash; not a port
_USER = re.compile(rf"(?<=//)[^/@\s]*(?:{_PASSWORD})?@")  # of a URL that an error quotes
_SECRET = re.compile(rf"[^/@]*{_PASSWORD}@")
CHECKED: set[str] = set()  # protocols that can be opened


def parsed(url: str) -> tuple[str, PurePosixPath]:
    """Protocol and path; UserError for a URL that is none, or has credentials in it, which the message leaves out."""
    found = _URL.fullmatch(url)
    if found is None:
        raise UserError(f"{_USER.sub('', url)}: is not a URL of one protocol; give one such as s3://bucket/folder")
    protocol, path = found[1].lower(), found[2].rstrip("/")
    if _SECRET.match(path) or "?" in path:
        name = f"FSSPEC_{protocol.upper()}_..."
        raise UserError(
            f"{protocol}://[...]: a URL with a password, or with options behind a ?, would be kept in files and "
            f"messages; leave them out and set the variables of the service, such as AWS_ACCESS_KEY_ID, or {name}"
        )
    if not path.strip("/") or ".." in path.split("/"):
        raise UserError(f"{url}: names no folder; give one such as {protocol}://bucket/folder")
    return protocol, PurePosixPath(path)


def check_protocol(protocol: str) -> None:
    """UserError: an unknown protocol, or one whose package is missing."""
    if protocol in CHECKED:
        return
    try:
        import fsspec
        from fsspec.registry import known_implementations
    except ImportError as error:
        raise UserError(
            f"{protocol}://: needs fsspec, which is not installed; pip install 'nasgauge[remote]'"
        ) from error
    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError as error:
        raise unknown_name("protocol of a URL", protocol, fsspec.available_protocols()) from error
    except ImportError as error:
        package = str(known_implementations.get(protocol, {}).get("class", protocol)).partition(".")[0]
        install = "'nasgauge[remote]'" if package == "s3fs" else package
        raise UserError(f"{protocol}://: needs {package}, which is not installed; pip install {install}") from error
    CHECKED.add(protocol)


def said(error: BaseException) -> str:
    """What an error says, without a user's name or password in a URL."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return _USER.sub("", str(text))
