"""What `nasgauge list` shows: a copy that equals the dictionaries, whole sentences, references; and what it imports."""

import re
import subprocess
import sys

import pytest

from nasgauge.core.errors import UserError
from nasgauge.studies import catalogue, listing


@pytest.fixture(scope="module")
def gathered():
    return catalogue.gathered()


def test_the_copy_that_is_read_is_what_the_dictionaries_say(gathered):
    assert listing.listing() == gathered, "run `make listing`"


def test_every_category_has_entries_each_with_a_description_of_its_own(gathered):
    for room, entries in gathered.items():
        summaries = [entry.summary for entry in entries]
        assert summaries and all(summaries), room
        assert len(set(summaries)) == len(summaries), room
        assert listing.listing(room) == {room: entries}


def test_no_description_is_cut_within_a_sentence(gathered):
    for entries in gathered.values():
        for entry in entries:
            assert not re.search(r"\b(al|e\.g|i\.e|cf|sec|Fig|Figs|vs)$", entry.summary), entry
            for opening, closing in ("()", "[]", "{}"):
                assert entry.summary.count(opening) == entry.summary.count(closing), entry
            assert entry.summary.count("`") % 2 == 0 and entry.summary.count('"') % 2 == 0, entry


def test_unknown_categories_are_told_with_those_there_are():
    with pytest.raises(UserError, match=r"unknown category 'recipe'; nearest: recipes"):
        listing.listing("recipe")


def test_every_reference_has_an_entry(gathered):
    assert listing.bibtex(gathered).count("@") >= 15


HEAVY = ("torch", "scipy", "sklearn", "matplotlib", "ray", "kornia", "moocore")
TABLES = ("pandas", "pyarrow", "numpy")
WORDS = {  # what a command must not import to say so little
    **dict.fromkeys(("--version", "cite", "copy quickstart .", "copy --help", "export --help"), HEAVY + TABLES),
    **dict.fromkeys(("--help", "list", "list --bib", "list recipes", "run --help", "judge --help"), HEAVY + TABLES),
    **dict.fromkeys(("status study", "status survey", "status built", "status imported"), HEAVY),
    **dict.fromkeys(("copy no-such-study", "cite nowhere", "export nowhere --out x"), HEAVY),
    **dict.fromkeys(("run no-such-study", "bench build no-such-recipe", "status nowhere", "report built"), HEAVY),
}
REFUSED = (
    "copy no-such-study",
    "cite nowhere",
    "export nowhere --out x",
    "run no-such-study",
    "bench build no-such-recipe",
    "status nowhere",
    "report built",
)


@pytest.mark.parametrize("words", WORDS)
def test_what_little_commands_do_not_import(words, folders_of):
    program = (
        "import sys\nfrom nasgauge import cli\ntry:\n    cli.main()\nexcept SystemExit as end:\n    code = end.code\n"
        f"assert (code or 0) == {2 if words in REFUSED else 0}, code\n"
        f"print([name for name in {WORDS[words]} if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, *words.split()], capture_output=True, text=True, cwd=folders_of, check=False
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[-1] == "[]", words
