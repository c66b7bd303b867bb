"""The page in a real browser: it opens without errors, the explorer answers, phone and paper hold it."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from nasgauge.report import Bundle, render
from nasgauge.spaces import NB201

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def shown(bundle, tmp_path_factory):
    """The page opened at desktop width; any error of a script, and any request but for the file itself, is kept."""
    playwright = pytest.importorskip("playwright.sync_api")
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(render(bundle))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda told: page.faults.append(told.text) if told.type == "error" else None)
        page.on("request", lambda asked: page.faults.append(asked.url) if asked.url.startswith("http") else None)
        page.goto(file.as_uri())
        yield page
        browser.close()


@pytest.fixture
def data(shown):
    return json.loads(shown.locator("#explorer-data").text_content())


def place_of(shown, data, name, i):
    """Where the explorer draws architecture i, in pixels of the page."""
    shown.locator("#explorer-plot").scroll_into_view_if_needed()
    box = shown.locator("#explorer-plot").bounding_box()
    side, one = box["width"] - 42, data["estimators"][name]
    x = 34 + side * (one["truth_rank"][i] - 0.5) / one["n"]
    y = 8 + side * (1 - (one["rank"][i] - 0.5) / one["n"])
    return box["x"] + x, box["y"] + y


@pytest.mark.long
def test_the_page_opens_without_a_fault_and_shows_the_explorer(shown):
    assert shown.locator("#explorer").is_visible()
    assert shown.locator("h1").inner_text() and shown.faults == []


@pytest.mark.long
def test_pointing_at_an_architecture_draws_it_and_lists_all_its_scores(shown, data):
    name = shown.locator("#explorer-estimator").input_value()
    shown.mouse.move(*place_of(shown, data, name, 7))
    card = shown.locator("#explorer-card")
    assert card.locator(".arch").inner_text() == data["archs"][7]
    assert card.locator("svg path").count() == 6  # the edges of a cell
    told = dict(row.split("\t")[:2] for row in card.locator("table").inner_text().split("\n")[1:])
    assert set(told) == set(data["estimators"])
    assert float(told["synflow"].replace("−", "-")) == pytest.approx(
        data["estimators"]["synflow"]["score"][7], rel=1e-3
    )
    shown.mouse.move(2, 2)
    assert card.locator(".arch").count() == 0


@pytest.mark.long
def test_choosing_an_estimator_moves_the_points(shown, data):
    shown.locator("#explorer-estimator").select_option("synflow")
    shown.mouse.move(*place_of(shown, data, "synflow", 3))
    assert shown.locator("#explorer-card .arch").inner_text() == data["archs"][3]
    before = shown.locator("#explorer-plot").screenshot()
    shown.locator("#explorer-estimator").select_option("flat")
    assert shown.locator("#explorer-plot").screenshot() != before
    shown.locator("#explorer-estimator").select_option("synflow")


@pytest.mark.long
def test_filters_keep_what_they_say(shown, data):
    shown.locator("#explorer-property").select_option("depth")
    shown.locator("#explorer-low").fill("1")
    shown.locator("#explorer-high").fill("2")
    n = sum(v is not None and 1 <= v <= 2 for v in data["properties"]["depth"])
    assert 0 < n < len(data["archs"])
    assert shown.locator("#explorer-card p").first.inner_text().startswith(f"{n} of {data['n']} ")
    shown.locator("#explorer-words").fill("avg_pool nor_conv_3x3")
    kept = [
        a
        for a, v in zip(data["archs"], data["properties"]["depth"], strict=True)
        if v is not None and 1 <= v <= 2 and "avg_pool" in a and "nor_conv_3x3" in a
    ]
    assert shown.locator("#explorer-card p").first.inner_text().startswith(f"{len(kept)} of ")
    for name in ("low", "high", "words"):
        shown.locator(f"#explorer-{name}").fill("")


@pytest.mark.long
def test_every_colouring_draws_and_the_keyboard_walks(shown, data):
    for value in shown.locator("#explorer-colour option").evaluate_all("all => all.map(one => one.value)"):
        shown.locator("#explorer-colour").select_option(value)
        assert shown.locator("#explorer-card .swatch").count() >= 2
    shown.locator("#explorer-plot").focus()
    shown.keyboard.press("ArrowRight")
    best = min(range(len(data["archs"])), key=lambda i: data["truth_rank"][i])
    assert shown.locator("#explorer-card .arch").inner_text() == data["archs"][best]
    assert shown.faults == []


@pytest.mark.long
def test_a_figure_is_saved_as_svg(shown):
    with shown.expect_download() as started:
        shown.locator("figure[data-name=reliability] button.download").click()
    assert started.value.suggested_filename == "reliability.svg"
    text = started.value.path().read_text()
    assert text.startswith("<svg") and "<path" in text


@pytest.mark.long
def test_nothing_overflows_a_phone_and_paper_has_pages(shown):
    shown.set_viewport_size({"width": 390, "height": 844})
    wide = shown.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    pages = re.findall(rb"/Type\s*/Page\b", shown.pdf())
    assert len(pages) >= 3
    shown.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.long
@pytest.mark.parametrize(
    ("n", "n_estimators", "most"), [(300, 3, 3_000_000), pytest.param(1000, 15, 8_000_000, marks=pytest.mark.full)]
)
def test_a_thousand_architectures_and_fifteen_estimators_weigh_less_than_eight_megabytes(n, n_estimators, most):
    rng = np.random.default_rng(0)
    archs = sorted({NB201().to_str(NB201().sample(rng)) for _ in range(n + n // 3)})[:n]
    accuracy = rng.random(n)
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})
    scores = [
        pd.DataFrame({"estimator": f"e{i}", "arch": archs, "seed": 0, "score": accuracy + rng.normal(size=n)})
        for i in range(n_estimators)
    ]
    values = pd.DataFrame(
        {"estimator": [f"e{i}" for i in range(n_estimators)], "criterion": "kendall_tau", "at": np.nan, "value": 0.5,
         "lower": 0.4, "upper": 0.6, "n": n, "n_failed": 0, "n_absent": 0, "n_unknown": 0, "n_seeds": 1}
    )  # fmt: skip
    sizes = pd.DataFrame({"arch": archs, "n_params": rng.integers(1, 99, n), "macs": None})
    whole = Bundle(title="large", values=values, truth=truth, scores=pd.concat(scores), space=NB201(),
                   records={"complexity": sizes})  # fmt: skip
    assert most / 10 < len(render(whole).encode()) < most
