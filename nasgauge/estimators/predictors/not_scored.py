"""The one way in which an architecture may go without a score."""


class NotScored(Exception):  # noqa: N818 - it is a finding about an architecture, not an error of the program
    """Why an architecture has no score; it becomes a row of the table of errors."""
