"""Command lines and files, right and wrong, each with the verdict it deserves: made by rules, the same every time.

A verdict is a statement about the case by its construction, "ok" or "refused"; nothing here asks the program.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

OK, REFUSED = "ok", "refused"
N = 8  # architectures in every file of scores
ARCHS = [f"a{i}" for i in range(N)]
TRUTH = "arch,accuracy\n" + "".join(f"{arch},0.{i + 1}\n" for i, arch in enumerate(ARCHS))
SCORES = "arch,mine\n" + "".join(f"{arch},{i}.5\n" for i, arch in enumerate(ARCHS))
TAKE_K = (
    *("kendall_tau_at_top", "precision_at_top", "precision_at_bottom", "best_rank_at", "worst_rank_at"),
    *("best_accuracy_at", "worst_accuracy_at", "regret_at"),
)
TAKE_NONE = ("kendall_tau", "spearman_rho", "pearson_r", "sparse_kendall_tau_nasws")
STUDY = """title = "t"
benchmark = "digits-nb201"
archs = { n = 4 }
n_bootstrap = 5
seeds = [0]

[[estimators]]
name = "zeroshot"
proxies = ["n_params", "random"]
batch_size = 4
net = { channels = 2, n_cells = 1, n_stages = 1 }
"""
RECIPE = """name = "mine"
title = "mine"
space = "nb201"
data = "digits"
archs = { n = 1 }
n_seeds = 1
split = { n_train = 100, n_valid = 100 }
image_size = 8
net = { channels = 2, n_cells = 1, n_stages = 1 }
protocol = { epochs = 1, batch_size = 50 }
"""


@dataclass(frozen=True)
class Case:
    """A command line, the files it finds where it is called, and its verdict."""

    name: str
    words: tuple[str, ...]
    verdict: str
    files: dict[str, bytes] = field(default_factory=dict)


def judged(name: str, verdict: str, *options: str, scores: bytes | str = SCORES, truth: bytes | str = TRUTH) -> Case:
    """`nasgauge judge` of a score file against a truth file; options given later take the place of earlier ones."""
    files = {"s.csv": _bytes(scores), "t.csv": _bytes(truth)}
    words = ("judge", "s.csv", "--truth", "t.csv", "--bootstrap", "3", "--criterion", "kendall_tau", *options)
    return Case(f"judge: {name}", words, verdict, files)


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


NO_NUMBERS = ("", " ", "x", "None", "0x10", "1_0_", "--", "1;2", "one", "[1]")


def numeric_options() -> Iterator[Case]:
    """Every numeric option with values within its range, at its borders, outside, and of other types."""
    whole = {
        "--bootstrap": (["0", "1", "7"], ["-1", "100001", "10000000000", "1e10", "2.5", "nan", "inf", "-inf"]),
        "--seed": (["0", "1", "4294967296", str(2**53)], ["-1", str(2**53 + 1), str(10**30), "0.5", "nan", "inf"]),
    }
    for option, (good, bad) in whole.items():
        for value in good:
            yield judged(f"{option} {value}", OK, option, value)
        for value in (*bad, *NO_NUMBERS):
            yield judged(f"{option} {value!r}", REFUSED, option, value)
    for value in ("0.5", "0.95", "1e-3", "0.999999"):
        yield judged(f"--confidence {value}", OK, "--confidence", value)
    for value in ("0", "1", "-0.5", "2", "nan", "inf", "-inf", "1e400", "1e-400", *NO_NUMBERS):
        yield judged(f"--confidence {value!r}", REFUSED, "--confidence", value)
    for value in ("0", "-1", "1.5", "1e20", str(10**20), "100000", "nan", "inf", *NO_NUMBERS):
        study, recipe = {"s.toml": STUDY.encode()}, {"r.toml": RECIPE.encode()}
        yield Case(f"run --workers {value!r}", ("run", "s.toml", "--workers", value), REFUSED, study)
        yield Case(f"build --workers {value!r}", ("bench", "build", "r.toml", "--workers", value), REFUSED, recipe)


def criteria() -> Iterator[Case]:
    """Every criterion with every kind of K, and names that are none."""
    sizes = {"0.1": OK, "0.5": OK, "1": OK, "3": OK, str(N): OK, "3.0": OK, "3e0": OK, ".5": OK, "30%": OK}
    wrong = ("0", "-1", "-0.5", "nan", "-nan", "inf", "-inf", "1e400", "-1e400", "1.5", "", "x", "100%", "1e-400", "@3")
    sizes |= dict.fromkeys((*wrong, str(N + 1), "1e300", str(10**40)), REFUSED)
    for name in TAKE_K:
        yield judged(f"{name}", REFUSED, "--criterion", name)
        for size, verdict in sizes.items():
            yield judged(f"{name}@{size}", verdict, "--criterion", f"{name}@{size}")
    for name in TAKE_NONE:
        verdict = REFUSED if name == "kendall_tau" else OK  # it stands there already, and not twice
        yield judged(f"{name}", verdict, "--criterion", name)
        for size in ("0.1", "3", "nan", "1e400", ""):
            yield judged(f"{name}@{size}", REFUSED, "--criterion", f"{name}@{size}")
    for name in (
        "",
        "@",
        "@3",
        "kendall",
        "KENDALL_TAU",
        "kendall_tau ",
        "[/x]",
        "tau\0",
        "x" * 5_000,
        "éé",
        "__init__",
    ):
        yield judged(f"criterion {name[:20]!r}", REFUSED, "--criterion", name)


def choices() -> Iterator[Case]:
    """Options with a few allowed words, and arguments that exclude or need each other."""
    allowed = {"--missing": ("omit", "last"), "--unknown": ("error", "drop")}
    for option, words in allowed.items():
        for word in words:
            yield judged(f"{option} {word}", OK, option, word)
        for word in ("", "OMIT", words[0] + " ", words[0][:-1], "0", "None", "[/x]", "x" * 3_000):
            yield judged(f"{option} {word[:20]!r}", REFUSED, option, word)
    for word in ("", "nb2001", "NB201", "digits-nb201", "[/x]", "x" * 3_000, "../nb201"):
        yield judged(f"--space {word[:20]!r}", REFUSED, "--space", word)
    for word in ("", "PDF", "png", "[/x]", "x" * 3_000):
        yield judged(f"--figure-format {word[:20]!r}", REFUSED, "--figures", "f", "--figure-format", word)
    yield judged("a benchmark and a truth", REFUSED, "--benchmark", "digits-nb201")
    files = {"s.csv": SCORES.encode()}
    for word in ("", "digits", "DIGITS-NB201", "nowhere.parquet", "[/x]", "x" * 3_000, "../x"):
        yield Case(f"judge: --benchmark {word[:20]!r}", ("judge", "s.csv", "--benchmark", word), REFUSED, files)
    for word in (
        "metric",
        "=",
        "metric=",
        "metric=x",
        "nothing=1",
        "metric=[/x]",
        "name=nb201",
        "metric=" + "9" * 5_000,
    ):
        words = ("judge", "s.csv", "--benchmark", "digits-nb201", "--choose", word)
        yield Case(f"judge: --choose {word[:20]!r}", words, REFUSED, files)


def score_files() -> Iterator[Case]:
    """Truncations at every few bytes, encodings, and cells of other types."""
    for cut in range(0, len(SCORES), 5):
        yield judged(f"scores cut after {cut}", _of_table(SCORES[:cut]), scores=SCORES[:cut], truth=TRUTH)
    for cut in range(0, len(TRUTH), 11):
        if TRUTH[:cut].endswith(","):  # an empty accuracy
            yield judged(f"truth cut after {cut}", REFUSED, truth=TRUTH[:cut])
    for coding, verdict in {"utf-8-sig": OK, "utf-16": REFUSED, "utf-16-le": REFUSED, "utf-32": REFUSED}.items():
        yield judged(f"scores in {coding}", verdict, scores=SCORES.encode(coding))
        yield judged(f"truth in {coding}", verdict, truth=TRUTH.encode(coding))
    yield judged("scores in latin-1", REFUSED, scores=SCORES.replace("mine", "größe").encode("latin-1"))
    for cell in ("x", "1.5.2", "--1", "1e", "0x1", "1 2", "one", "[/x]", "=1+1", "x" * 100_000, "\x1b[2J", "é"):
        yield judged(f"a score {cell[:12]!r}", REFUSED, scores=SCORES.replace("3.5", cell))
    for cell in ("3", "-3", "3e2", "+3", " 3.5 ", "1e-300", "", "nan", '"3.5"'):
        yield judged(f"a score {cell[:12]!r}", OK, scores=SCORES.replace("3.5", cell))
    for line in ("a0,1\n", ",1\n", "b,1\n", "a0,1,2\n", "a0\n", '"a9,1\n'):
        yield judged(f"one more line {line!r}", REFUSED, scores=SCORES + line)
    for head in ("arch,mine,mine", "arch,", ",mine", "mine,arch2", "arch", "arch;mine", "arch\tmine", "noise"):
        yield judged(f"a header {head!r}", REFUSED, scores=SCORES.replace("arch,mine", head))
    for suffix in (".txt", ".xlsx", ".toml", "", ".csv.bak", ".pth"):
        words = ("judge", f"s{suffix}", "--truth", "t.csv")
        yield Case(f"judge: s{suffix}", words, REFUSED, {f"s{suffix}": b"x", "t.csv": TRUTH.encode()})


def _of_table(text: str) -> str:
    """ok if what is left of the file is a table with one number a row at least (a cut number is still one)."""
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    whole = len(rows) > 1 and rows[0] == ["arch", "mine"] and all(len(row) == 2 and row[0] in ARCHS for row in rows[1:])
    return OK if whole and any(row[1] for row in rows[1:]) else REFUSED


def parquet_files() -> Iterator[Case]:
    """A Parquet file, whole and cut off anywhere, or with bytes of its end changed."""
    whole = io.BytesIO()
    pd.DataFrame({"arch": ARCHS, "mine": np.arange(N) / 3}).to_parquet(whole)
    content = whole.getvalue()
    words = ("judge", "s.parquet", "--truth", "t.csv", "--bootstrap", "3", "--criterion", "kendall_tau")
    truth = {"t.csv": TRUTH.encode()}
    yield Case("parquet: whole", words, OK, truth | {"s.parquet": content})
    for cut in range(0, len(content), max(1, len(content) // 25)):
        yield Case(f"parquet: {cut} bytes", words, REFUSED, truth | {"s.parquet": content[:cut]})
    for name, wrong in {"text": SCORES.encode(), "zeros": bytes(500), "magic": b"PAR1" + bytes(60) + b"PAR1"}.items():
        yield Case(f"parquet: {name}", words, REFUSED, truth | {"s.parquet": wrong})


def other_files() -> Iterator[Case]:
    """Scores and ground truth of every other type: whole, cut off anywhere, with the name of another type."""
    truth, table = {"t.csv": TRUTH.encode()}, pd.read_csv(io.StringIO(SCORES))
    options = ("--truth", "t.csv", "--bootstrap", "3", "--criterion", "kendall_tau")
    feather = io.BytesIO()
    table.to_feather(feather)
    contents = {
        ".tsv": SCORES.replace(",", "\t").encode(),
        ".json": table.to_json(orient="records").encode(),
        ".jsonl": table.to_json(orient="records", lines=True).encode(),
        ".feather": feather.getvalue(),
        ".csv.gz": gzip.compress(SCORES.encode(), mtime=0),
        ".csv.bz2": bz2.compress(SCORES.encode()),
        ".csv.xz": lzma.compress(SCORES.encode()),
        ".csv.zst": bytes(pa.compress(SCORES.encode(), codec="zstd", asbytes=True)),
    }
    for suffix, content in contents.items():
        words = ("judge", f"s{suffix}", *options)
        yield Case(f"{suffix}: whole", words, OK, truth | {f"s{suffix}": content})
        for cut in range(0, len(content) - 2, max(1, len(content) // 12)):
            rest = content[:cut]
            complete = suffix in (".tsv", ".jsonl") and _is_complete(suffix, rest.decode())
            yield Case(f"{suffix}: {cut} bytes", words, OK if complete else REFUSED, truth | {f"s{suffix}": rest})
        for name, wrong in {"zeros": bytes(500), "pickle": b"\x80\x04\x95", "brackets": b"[" * 50_000}.items():
            yield Case(f"{suffix}: {name}", words, REFUSED, truth | {f"s{suffix}": wrong})
    semicolons = SCORES.replace(",", ";")
    yield judged("semicolons", OK, scores=semicolons)
    yield judged("semicolons and thousands", REFUSED, scores=semicolons.replace("3.5", "3,500.5"))
    yield judged("semicolons, points and commas", REFUSED, scores=semicolons.replace("3.5", "3,5"))
    for text, verdict in {
        json.dumps(dict(zip(table["arch"], table["mine"], strict=True))): OK,
        json.dumps({"mine": dict(zip(table["arch"], table["mine"], strict=True))}): OK,
        table.to_json(): OK,
        table.to_json(orient="split"): OK,
        table.to_json(orient="values"): REFUSED,
        '{"a0": 1, "a0": 2}': REFUSED,
        '{"a0": {"a1": {"a2": 3}}}': REFUSED,
        '{"a0": 1e999}': REFUSED,
        '{"a0": ' + "9" * 5_000 + "}": REFUSED,
        "null": REFUSED,
        "NaN": REFUSED,
        '"text"': REFUSED,
        "[[]]": REFUSED,
        "[{}]": REFUSED,
    }.items():
        yield Case(f"json: {text[:50]}", ("judge", "s.json", *options), verdict, truth | {"s.json": text.encode()})
    for cell in ("93,5", "150", "-1", "93.5"):
        yield judged(f"an accuracy {cell}", REFUSED, truth=TRUTH.replace("0.4", cell))
    yield judged("percent without the sign", REFUSED, truth=TRUTH.replace("0.", "0").replace("01", "0.5"))


def _is_complete(suffix: str, text: str) -> bool:
    """Whether what is left of a file in lines consists of complete rows, of which one has a score."""
    if suffix == ".tsv":
        return _of_table(text.replace("\t", ",")) == OK
    try:
        return bool([json.loads(line) for line in text.splitlines()])
    except ValueError:
        return False


def spellings() -> Iterator[Case]:
    """Architectures of NAS-Bench-201 and NAS-Bench-101 in other spellings, and strings that resemble them."""
    cell = {"matrix": [[0, 1], [0, 0]], "operations": ["input", "output"]}
    cells = {
        "nb201": (
            "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
            ["(3, 1, 0, 2, 4, 0)", "1;2", "15625", "-1", "1.5"],
        ),
        "nb101": (
            "output~0",
            ["[" * 5_000, "{}", "[[], []]", json.dumps(cell | {"matrix": [[0, 9], [0, 0]]}), "{" * 99],
        ),
    }
    for space, (good, wrong) in cells.items():
        truth = f'arch,accuracy\n"{good}",0.5\n'.encode()
        for text in (good, *wrong):
            table = io.StringIO()
            csv.writer(table, lineterminator="\n").writerows([["arch", "s"], [text, 1]])
            words = ("judge", "s.csv", "--truth", "t.csv", "--space", space, "--bootstrap", "3")
            files = {"s.csv": table.getvalue().encode(), "t.csv": truth}
            yield Case(f"{space}: {text[:40]}", words, OK if text == good else REFUSED, files)


def studies() -> Iterator[Case]:
    """Studies and recipes with a value of another type or outside its range, cut off, or in another encoding."""
    values = {
        "title": ('""', ["1", "[]", "true"]),
        "benchmark": (None, ["1", '"digits"', "{}", '{ name = "nb2001" }', '"../x"', '""', "[]"]),
        "archs": (None, ["{ n = 0 }", "{ n = -1 }", "{ n = 1.5 }", '{ n = "x" }', "{ seed = -1 }", "3", "{ m = 1 }"]),
        "n_bootstrap": (None, ["0", "-1", "1.5", "100001", "10000000000", '"x"', "nan", "inf", "[]"]),
        "seeds": (None, ["[-1]", "[0.5]", '["x"]', f"[{2**53 + 1}]", "0", "[nan]", "[[0]]"]),
    }
    for key, (_, wrong) in values.items():
        for value in wrong:
            text = "\n".join(f"{key} = {value}" if line.startswith(f"{key} =") else line for line in STUDY.split("\n"))
            yield Case(f"run: {key} = {value}", ("run", "s.toml"), REFUSED, {"s.toml": text.encode()})
    for line in (
        "confidence = 0",
        "confidence = 1",
        "confidence = nan",
        'missing = "x"',
        "unknown_key = 1",
        "seeds = [0]",
    ):
        yield Case(f"run: {line}", ("run", "s.toml"), REFUSED, {"s.toml": f"{line}\n{STUDY}".encode()})
    yield from _texts(("run", "s.toml"), "s.toml", STUDY, ("title", "benchmark", "estimators"))
    for kind in ("", "ry", "PROCESSES", "serial ", "thread", "[/x]", "x" * 3_000):
        yield Case(f"run: --kind {kind[:20]!r}", ("run", "s.toml", "--kind", kind), REFUSED, {"s.toml": STUDY.encode()})
    yield Case("run: a study", ("run", "s.toml", "--kind", "serial"), OK, {"s.toml": STUDY.encode()})
    marked = b"\xef\xbb\xbf" + STUDY.replace("\n", "\r\n").encode()
    yield Case(
        "run: a study with a mark and other line ends", ("run", "s.toml", "--kind", "serial"), OK, {"s.toml": marked}
    )


def recipes() -> Iterator[Case]:
    """Recipes with a value of another type or outside its range, cut off, or in another encoding."""
    values = {
        "name": ["1", '""', '"a/b"', '"../x"', '"[/x]"', f'"{"x" * 300}"', '"é/"', '" "', '"a\\u0000"'],
        "space": ["1", '"nb2001"', '""', "[]"],
        "data": ["1", '"digit"', '"cifar10"', '""'],
        "n_seeds": ["0", "-1", "1.5", '"x"', "nan", "[]"],
        "archs": ["{ n = 0 }", "{ n = -1 }", "{ n = 1.5 }", "{ n = 100000000 }", "{ seed = -1 }", "3"],
        "split": ["{}", "{ n_train = 0, n_valid = 1 }", "{ n_train = 1800, n_valid = 1 }", "{ n_train = 1 }", "1"],
        "image_size": ["7", "0", "-8", "1.5", '"x"'],
        "protocol": ["{}", "{ epoch = 1 }", "{ epochs = 1, batch_size = 1000 }", '{ epochs = "x" }', "1"],
    }
    for key, wrong in values.items():
        for value in wrong:
            lines = RECIPE.split("\n")
            text = "\n".join(f"{key} = {value}" if line.startswith(f"{key} =") else line for line in lines)
            yield Case(f"build: {key} = {value[:20]}", ("bench", "build", "r.toml"), REFUSED, {"r.toml": text.encode()})
    yield from _texts(("bench", "build", "r.toml"), "r.toml", RECIPE, ("name", "protocol"))
    yield Case("build: a study", ("bench", "build", "r.toml"), REFUSED, {"r.toml": STUDY.encode()})
    yield Case("run: a recipe", ("run", "s.toml"), REFUSED, {"s.toml": RECIPE.encode()})


def _texts(words: tuple[str, ...], file: str, text: str, needed: tuple[str, ...]) -> Iterator[Case]:
    for cut in range(0, len(text) - 1, 17):
        try:
            complete = set(needed) <= set(tomllib.loads(text[:cut]))
        except tomllib.TOMLDecodeError:
            complete = False
        if not complete:
            yield Case(f"{words[0]}: cut after {cut}", words, REFUSED, {file: text[:cut].encode()})
    for coding in ("utf-16", "utf-16-le", "utf-32"):
        yield Case(f"{words[0]}: in {coding}", words, REFUSED, {file: text.encode(coding)})
    for name, wrong in {"latin": b'title = "\xe9"', "zeros": bytes(99), "nested": b"a = " + b"[" * 20_000}.items():
        yield Case(f"{words[0]}: {name}", words, REFUSED, {file: wrong})


def lists() -> Iterator[Case]:
    """Every category, with and without --bib, and words that are none."""
    rooms = (
        *("spaces", "benchmarks", "datasets", "estimators", "proxies", "samplers", "protocols", "encoders", "losses"),
        *("searches", "criteria"),
        *("analyses", "files", "studies", "recipes"),
    )
    for room in rooms:
        yield Case(f"list {room}", ("list", room), OK)
        yield Case(f"list {room} --bib", ("list", room, "--bib"), OK)
        for word in (room[:-1], room.upper(), f"{room} ", f"[{room}]"):
            yield Case(f"list {word!r}", ("list", word), REFUSED)
        yield Case(f"list {room} twice", ("list", room, room), REFUSED)
        yield Case(f"list {room} --{room}", ("list", room, f"--{room}"), REFUSED)
    yield Case("list", ("list",), OK)


def folders() -> Iterator[Case]:
    """status and report of folders that hold a damaged study, something else, or nothing."""
    for command in ("status", "report"):
        for cut in range(0, len(STUDY), 13):
            try:
                keys = set(tomllib.loads(STUDY[:cut]))
            except tomllib.TOMLDecodeError:
                keys = set()
            verdict = OK if command == "status" and "estimators" in keys else REFUSED
            files = {"d/study.toml": STUDY[:cut].encode(), "d/plan.json": b'{"scores": ["k"]}'}
            yield Case(f"{command}: study.toml cut after {cut}", (command, "d"), verdict, files)
        whole = {"d/study.toml": STUDY.encode()}
        for plan in (b"", b"[", b"[]", b"3", b'{"scores": 3}', b'{"scores": ["k"', b"\xff\xfe", b"[" * 50_000):
            files = whole | {"d/plan.json": plan}
            yield Case(f"{command}: plan {plan[:16]!r}", (command, "d"), REFUSED, files)
        for coding in ("utf-16", "utf-16-le", "utf-32"):
            yield Case(f"{command}: in {coding}", (command, "d"), REFUSED, {"d/study.toml": STUDY.encode(coding)})
        nested = b"estimators = " + b"[" * 20_000
        yield Case(f"{command}: nested", (command, "d"), REFUSED, {"d/study.toml": nested})
        others = {"text": {"d/x.txt": b"x"}, "table": {"d/x.parquet": b"x", "d/x.json": b"{}"}, "file": {"d": b"x"}}
        others |= {"nothing": {}, "facts": {"d/x.parquet": b"x", "d/x.json": json.dumps({"facts": []}).encode()}}
        for name, files in others.items():
            yield Case(f"{command}: {name}", (command, "d"), REFUSED, files)
        for words in ((), ("d", "e"), ("--x",), ("",), ("\0",), ("x" * 300,), ("d/" * 3_000,), ("[/x]",)):
            yield Case(f"{command} {words}"[:60], (command, *words), REFUSED)


def imports() -> Iterator[Case]:
    """Every layout with a file that is none of it, with a folder, and with nothing."""
    kinds = ("nats-bench", "nb101", "nb201", "nb301", "nds-darts", "nds-resnet", "nds-resnext-a")
    contents = {
        "empty": b"",
        "text": b"hello",
        "zeros": bytes(64),
        "json": b"{}",
        "list": b"[]",
        "zip": b"PK\3\4" + bytes(9),
    }
    for kind in kinds:
        for name, content in contents.items():
            yield Case(f"import {kind}: {name}", ("bench", "import", kind, "x"), REFUSED, {"x": content})
        yield Case(f"import {kind}: empty folder", ("bench", "import", kind, "x"), REFUSED, {"x/y": b"hello"})
        yield Case(f"import {kind}: nothing", ("bench", "import", kind, "x"), REFUSED)
        yield Case(f"import {kind}: no path", ("bench", "import", kind), REFUSED)
    for kind in ("", "nb", "NB201", "nb2o1", "[/x]", "../nb201", "x" * 3_000, "nds"):
        yield Case(f"import {kind[:20]!r}", ("bench", "import", kind, "x"), REFUSED, {"x": b"hello"})


def everything() -> list[Case]:
    """All cases; names say what each is."""
    makers = (
        numeric_options,
        criteria,
        choices,
        score_files,
        parquet_files,
        other_files,
        spellings,
        studies,
        recipes,
        lists,
        folders,
        imports,
    )
    return [case for make in makers for case in make()]
