"""What `judge` and `report` write for a paper: figures in the width of its columns, and a LaTeX table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from nasgauge.cli.options import FORMAT
from nasgauge.core.errors import UserError
from nasgauge.core.output import check_output, write_output


@final
@dataclass(frozen=True, kw_only=True)
class Papers:
    """What is written for a paper besides the report: figures into a folder, and a table into a file."""

    folder: Path | None
    format: str
    only: Sequence[str] | None
    columns: int | None
    serif: bool
    csv: bool
    latex: Path | None

    def check(self) -> None:
        """UserError, before any work, for options without a folder, an unknown format, places that cannot be written.

        Names of figures are checked by `report.check_figures` when plug-ins, which may bring some, are imported.
        """
        if self.latex is not None:
            check_output(self.latex)
        if self.folder is not None or self.format != FORMAT:
            from nasgauge.report import check_format, check_written  # late: these import all that draws

            check_format(self.format)
        if self.folder is not None:
            check_written(self.folder, **{**self.options, "only": None})
        elif self.only or self.columns or self.serif or self.csv:
            raise UserError("--figure, --columns, --serif and --csv choose among figures; add --figures FOLDER")

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of `report.write_figures`: in the style of a paper where one of its options is given."""
        style = "paper" if self.only or self.columns or self.serif else "report"
        given = {"style": style, "columns": self.columns or 1, "serif": self.serif, "csv": self.csv}
        return {"kind": self.format, "only": self.only or None, **given}

    def write(self, shown: Mapping[str, Any], contests: Any = None) -> list[str]:
        """Write what was requested of the bundles by part, of "" alone or of a survey with its table CONTESTS.

        Returns a line on each for the terminal.
        """
        from nasgauge import report

        lines = []
        if self.folder is not None:
            compares = self.options["style"] == "paper" and (not self.only or "differences" in self.only)
            drawn = {name: report.with_differences(one) if compares else one for name, one in shown.items()}
            if contests is None:
                files = report.write_figures(drawn[""], self.folder, **self.options)
            else:
                files = report.write_survey_figures(drawn, contests, self.folder, **self.options)
            lines.append(f"{len(files)} files of figures: {self.folder}")
        if self.latex is not None:
            text = report.latex_table(shown[""]) if contests is None else report.latex_survey(shown, contests)
            write_output(self.latex, text.encode())
            lines.append(f"table: {self.latex}")
        return lines
