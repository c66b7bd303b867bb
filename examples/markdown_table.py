"""The criteria of a finished study as a Markdown table, with published values: python examples/markdown_table.py DIR

A published value that our interval (widened to its printed digits) leaves out is marked with *.
"""

import sys
from pathlib import Path

from nasgauge.core.config import parsed
from nasgauge.core.store import Store
from nasgauge.core.usage import check_usage
from nasgauge.judging import with_ceilings
from nasgauge.report.labels import best_first, by_key, headings, leading, number
from nasgauge.studies.published import published_values
from nasgauge.studies.schema import Study


def main(folder: str) -> None:
    """Print the table."""
    store = Store.existing(Path(folder))
    study = parsed(store.tables(), Study, folder)
    values, ceiling = store.read("values"), store.read("ceiling")
    printed = by_key(published_values(study.published) if study.published else None)
    columns = headings(values)
    rows = by_key(with_ceilings(values, ceiling))  # of several sets of architectures, the first one's ceiling
    print("| estimator | " + " | ".join(f"{h.symbol} {h.arrow}" for h in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name in ["noise_ceiling", *best_first(values, leading(values))]:
        cells = [_cell(rows.get((name, h.key)), printed.get((name, h.key)), h.decimals) for h in columns]
        print(f"| {name} | " + " | ".join(cells) + " |")


def _cell(row, published, decimals: int) -> str:
    if row is None:
        return ""
    text = f"{number(row.value, decimals, compact=True)} [{number(row.lower, decimals, compact=True)}, "
    text += f"{number(row.upper, decimals, compact=True)}]"
    if published is None:
        return text
    half = 0.5 * 10**-decimals
    outside = not row.lower - half <= published.value <= row.upper + half
    return f"{text} ({number(float(published.value), decimals, compact=True)}{'*' if outside else ''})"


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1])
