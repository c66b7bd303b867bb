"""What was measured, as Markdown: a table for each part, its settings before it."""

from collections.abc import Mapping, Sequence
from typing import Any


def markdown(found: Mapping[str, Any]) -> str:
    """The whole run; parts that failed say so with the last line of their error."""
    machine = found.get("machine", {})
    name = machine.get("card", machine.get("device", "a machine that was not looked at"))
    lines = [f"# On {name}", "", f"`python speed/accelerator.py {' '.join(found['arguments'])}`", ""]
    for name, part in found.items():
        if isinstance(part, Mapping):
            lines += [f"## {name}", "", *_part(part), ""]
    return "\n".join(lines)


def _part(part: Mapping[str, Any]) -> list[str]:
    if "error" in part:
        return [f"Failed: {part['error'].strip().splitlines()[-1]}"]
    lines = []
    for key, value in part.items():
        if isinstance(value, Sequence) and value and isinstance(value[0], Mapping):
            lines += ["", *([] if key == "rows" else [f"{key}:", ""]), *_table(value)]
        elif not isinstance(value, Mapping | Sequence) or isinstance(value, str):
            lines.append(f"- {key}: {_cell(value)}")
        elif isinstance(value, Mapping):
            lines.append(f"- {key}: " + ", ".join(f"{k} {_cell(v)}" for k, v in value.items()))
    return lines


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    columns = list(dict.fromkeys(key for row in rows for key, value in row.items() if not isinstance(value, Mapping)))
    head = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    return head + ["| " + " | ".join(_cell(row.get(column)) for column in columns) + " |" for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
