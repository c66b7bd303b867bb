"""What users read uses the terms of the literature (docs/glossary.md), not the phrases that readers stumbled over."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from nasgauge.analyses import ANALYSES, SECTIONS
from nasgauge.cli import app
from nasgauge.criteria import CRITERIA
from nasgauge.studies.listing import listing

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "nasgauge"

_UNIT = (
    "arch|architecture|benchmark|cell|checkpoint|child|class|core|criterion|decision|draw|epoch|estimator|fact|image|"
    "kind|layer|machine|mutation|name|node|op|operation|place|point|question|row|run|score|seed|set|side|size|space|"
    "stage|step|study|task|tensor|training|value|vertex|word"
)
_COUNTED = (
    "architectures?|bars?|bytes|cells?|choices?|columns?|digits?|entry|files?|histograms?|kB|lines?|masters?|members?|"
    "numbers?|operations?|pairs?|panels?|parts?|points?|predecessors|process(?:es)?|rows?|samples?|seconds|seeds?|"
    "steps?|threads?|ticks?|trainings|values?|workers?"
)
PHRASES = {  # name: pattern, without regard to case
    "'an X' for 'per X'": rf"\b(?:{_COUNTED}) an? (?:{_UNIT})\b(?! (?:of|that|to|in|is|for|with|which|at|from|by)\b)",
    "told, asked": r"\b(?:un)?told\b|\btell(?:s|ing)?\b|\bask(?:s|ed|ing)?\b",
    "twins": r"\btwins?\b(?! = true)",
    "bare truth": r"(?<!ground )(?<!ground-)(?<![-_\"])\btruths?\b(?![-_])",
    "KD as a name": r"\bKD\b(?! in )",
    "how good, how sure": r"\bhow (?:good|sure|surely)\b",
    "behind, ahead": r"\bbehind the best\b|\bahead of\b|\bahead / behind\b|\bof how many\b|\bis ahead\b|\bare ahead\b",
    "biased to": r"\bbiased to\b|\bputs? (?:\w+ )?(?:too )?(?:high|low)\b|\btoo (?:high|low)\b",
    "equally good": r"\bequally good\b|\bas good as it\b",
    "beats": r"\bbeat(?:s|en|ing)?\b|\bnothing beats\b",
    "left to gain": r"\bleft to gain\b",
    "counting as a noun": r"\bcounting baselines?\b|\bthan counting\b|\bof counting\b",
    "halves of the truth's own": r"\bwhat one half\b|\bof their own\b|\bof its own\b|\bof one's own\b",
    "truly best": r"\btruly (?:the )?best\b|\bamong themselves\b",
    "costs and pays": r"\bpays? for\b|\bpaid for\b|\bbetter ranking costs?\b|\bdear(?:er|est)\b",
    "luck": r"\bluck\b|\bby chance alone\b|\ba coin\b",
    "pieces of work": r"\bpieces? of work\b",
    "what there is, rooms": r"\bwhat there is\b|\ball if absent\b|\brooms?\b|\bthe house\b",
    "fragments": r"(?:^|[.;:] |\")Of (?:the bootstrap|these files|the intervals)\b",
    "anew": r"\banew\b|\bover again\b",
    "mistakes": r"\b(?:your|user's|the user's) mistakes?\b",
    "lessons": r"\blessons?\b|\btaught\b|\bteach(?:es|ing)?\b|\bpupils?\b",
    "words of a study": r"\bwords? of (?:a|the) stud|\bholds? (?:a )?words?\b|\bwords? at (?:a|the)\b|\bname holds\b",
    "beside": r"\bscores? beside\b|\bbeside\b",
    "least and greatest": r"\bleast (?:and|to) (?:the )?greatest\b|\bfewest and (?:the )?most\b|\bleast,? greatest\b",
    "picking": r"\bpicking (?:channels|rule|rules)\b|\bpicked\b",
    "is no": r"(?<!there )\b(?:is|are|was|were) no (?!longer\b|other\b|such\b)\w",
    "holds no": r"\b(?:hold|holds|held) (?:no|a|the)\b",
    "overlap as an argument": r"\bintervals?\b[^.|]{0,60}\boverlap|\boverlap[^.|]{0,40}\bintervals?\b",
    "who wins": r"\bwho wins\b|\bwins where\b|\blevel with\b",
    "separated": r"\bnot separated\b|\bseparates? (?:it|them|the two)\b",
    "oddities": r"\boftener\b|\bmend(?:s|ed)?\b|\bnobody\b|\banybody\b|\bwhoever\b|\bin silence\b|\bguise\b",
    "says nothing": r"\bsays? nothing\b",
    "looking alike": r"\bunlike by\b|\btold apart\b|\btell apart\b",
}
_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in PHRASES.items()}


def found(text: str) -> list[str]:
    """The phrases in a text, each with what stands around it."""
    text = " ".join(text.split())
    return [
        f"{name}: …{text[max(0, match.start() - 40) : match.end() + 30]}…"
        for name, pattern in _PATTERNS.items()
        for match in pattern.finditer(text)
    ]


def prose(markdown: str) -> str:
    """Markdown without code, links and what is quoted word for word."""
    markdown = re.sub(r"```.*?```", " ", markdown, flags=re.DOTALL)
    markdown = re.sub(r"`[^`]*`|\]\([^)]*\)|\"[^\"]*\"", " ", markdown)
    return re.sub(r"\S*(?:docs|tests|examples|nasgauge|speed)/\S*", " ", markdown)


@pytest.mark.parametrize(
    "text",
    [
        "one row an estimator, two columns a seed",
        "what it was told",
        "isomorphic twins",
        "the truth itself",
        "| KD |",
        "Nothing beats counting",
        "their intervals overlap",
        "is no cell",
        "Of the bootstrap.",
    ],
)
def test_the_phrases_are_recognised(text):
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "one row per estimator",
        "the reported ground truth",
        "Kendall's tau-b (KD in Ning et al. 2021)",
        "there is no such folder",
        "is no longer used",
        "a process a user started",
    ],
)
def test_other_sentences_are_not(text):
    assert not found(text)


_DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_RECORDED = {"accelerator.md"}  # printed by a program that ran elsewhere


@pytest.mark.parametrize("path", [p for p in _DOCS if p.name not in _RECORDED], ids=lambda p: p.name)
def test_documentation(path):
    assert not found(prose(path.read_text(encoding="utf-8")))


_TOML = [*(PACKAGE / "studies" / "shipped").rglob("*.toml"), *(PACKAGE / "benchmarks" / "recipes").glob("*.toml")]


@pytest.mark.parametrize("path", sorted([*_TOML, *(ROOT / "examples").glob("*.toml")]), ids=lambda p: p.stem)
def test_studies_and_recipes(path):
    text = path.read_text(encoding="utf-8")
    comments = " ".join(re.findall(r"(?:^|\s)#\s?(.*)", text))
    assert not found(prose(comments)) and not found(tomllib.loads(text)["title"])


@pytest.mark.parametrize("path", sorted((PACKAGE / "report").glob("*.j2")), ids=lambda p: p.name)
def test_pages(path):
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = " ".join(re.findall(r'(?:title|aria-label|placeholder)="([^"]*)"', text))
    assert not found(re.sub(r"<[^>]*>", " . ", text)) and not found(titles)


@pytest.mark.parametrize("name", sorted(ANALYSES))
def test_analyses(name):
    entry = ANALYSES[name]
    assert not found(" | ".join((entry.question, entry.caption, entry.paper_finding, entry.counts)))


def test_headings_and_criteria():
    assert not found(" | ".join(section.heading for section in SECTIONS.values()))
    assert not found(" | ".join(f"{entry.title}, {entry.symbol}" for entry in CRITERIA.values()))


@pytest.mark.parametrize("category", sorted(listing()))
def test_listing(category):
    assert not found(" | ".join(entry.summary for entry in listing(category)[category]))


_GROUP = typer.main.get_command(app)
_COMMANDS = ["", *_GROUP.commands, *(f"bench {name}" for name in _GROUP.commands["bench"].commands)]


@pytest.mark.parametrize("command", _COMMANDS)
def test_help(command):
    done = subprocess.run(
        [sys.executable, "-m", "nasgauge.cli", *command.split(), "--help"], capture_output=True, text=True, check=True
    )
    assert not found(done.stdout)


def _literals(node: ast.AST) -> Iterator[str]:
    """The string literals of a module, without docstrings; "0" stands for what an f-string computes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in child.values)
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and not isinstance(node, ast.JoinedStr):
            yield child.value
        yield from _literals(child)


_MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("module", _MODULES)
def test_messages(module):
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    said = [text for text in _literals(tree) if " " in text.strip()]
    assert not [line for text in said for line in found(re.sub(r"'[a-z_]+'|--truth|`[^`]*`", " ", text))]
