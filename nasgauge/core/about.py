"""What nasgauge is called, its version, and how it is cited."""

from importlib import metadata

from nasgauge.core.errors import UserError

TITLE = "nasgauge: how far a cheap estimate of an architecture's quality can be trusted"
AUTHORS = "The nasgauge authors"


def version() -> str:
    """The version of the installed package; UserError where the package is used without being installed."""
    try:
        return metadata.version("nasgauge")
    except metadata.PackageNotFoundError as error:
        raise UserError("nasgauge is not installed, so its version is unknown; pip install it") from error


def bibtex() -> str:
    """The BibTeX entry of the tool."""
    name, rest = TITLE.split(":", 1)
    return (
        f"@misc{{nasgauge, title={{{{{name}}}:{rest}}}, author={{{{{AUTHORS}}}}}, note={{Version {version()}}}, "
        "howpublished={Software}}"
    )
