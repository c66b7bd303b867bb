"""Bytes as text in UTF-8."""

from nasgauge.core.errors import UserError


def decoded(content: bytes, where: str) -> str:
    """The text; UserError for another encoding or a NUL byte, with its line."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(f"{where}: line {line} is not UTF-8 text; save it as CSV in UTF-8") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise UserError(f"{where}: line {line} contains a NUL byte, so it is not text; save it again as CSV in UTF-8")
    return text
