"""The docs know every registry of the code, and the README says what is true."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import examples
import generate
import numpy as np
import pandas as pd
import pictures
import pytest
import readme
import typer
import yaml
from dicoms import write_dicom

import lesionvis
from lesionvis.analysis import Analyzer, analyze
from lesionvis.batch.rows import RESULT_COLUMNS, SPOT_COLUMNS
from lesionvis.cli.main import app
from lesionvis.color import DENSITY_FLOOR
from lesionvis.flags import FLAGS
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.pattern.pattern import BLOCKING_FLAGS
from lesionvis.photo import read_photo
from lesionvis.photo.noise import NOISE_MIN_LEVELS
from lesionvis.photo.reader import MIN_WORKING_PX_PER_MM
from lesionvis.scale.card.marker import PRINT_TOLERANCE
from lesionvis.scale.coin import OUTLINE_ERROR, known_coins
from lesionvis.scale.ruler.finder import PRINT_ERROR
from lesionvis.settings import settings_values
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_EVIDENCE
from lesionvis.spots.candidates import CONTRAST_MIN, ENLARGED_BELOW_PX
from lesionvis.spots.find import CROWD_LESION_SCORE_MIN, LESION_SCORE_MIN, SPOT_SCORE_MIN
from lesionvis.spots.outlines import BORDER_CONTRAST, CORE, RING_QUANTILE
from lesionvis.spots.table import (
    BLUE_BLACK_RED_DENSITY_MIN,
    BROWN_RED_RATIO_MIN,
    ERROR_PER_OVERLAP_LOST,
    PURPLE_BLUE_SHARE_MAX,
    PURPLE_RED_RATIO_MIN,
    REPEAT_ERROR_MIN_PX,
    REPEAT_ERROR_SHARE,
    UNEVEN_DENSITY,
)
from lesionvis.triage.answers import questions
from lesionvis.triage.circumstances import known_circumstances
from lesionvis.triage.rules import NO_SOURCE, REST_WITHOUT_SOURCE, Level, rules

DOCS = Path(__file__).resolve().parent.parent / "docs"
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
README = (DOCS.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Every generated page."""
    return generate.kept_pages() | generate.built_pages()


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("features", FEATURE_NAMES),
        ("flags", FLAGS),
        ("columns", (*RESULT_COLUMNS, *SPOT_COLUMNS)),
        ("rules", (rule.rule_id for rule in rules())),
        ("questions", (*questions(), *known_circumstances())),
        ("references", known_coins()),
        ("settings", settings_values(Analyzer())),
        ("cli", (f"lesionvis {name}" for name in COMMANDS)),
        ("api", (name for name in lesionvis.__all__ if name != "__version__")),
    ],
)
def test_a_page_holds_its_registry(pages: dict[str, str], page: str, names: list[str]) -> None:
    text = pages[f"reference/{page}.md"]
    assert [name for name in names if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)] == []


def test_tables_have_no_empty_meanings(pages: dict[str, str]) -> None:
    rows = [line for line in pages["reference/columns.md"].splitlines() if line.startswith("| `")]
    assert len(rows) > len(RESULT_COLUMNS)
    assert [row for row in rows if row.endswith("|  |")] == []


def test_the_pages_kept_among_the_docs_are_those_of_the_code() -> None:
    kept = {path.relative_to(DOCS).as_posix(): path for path in (DOCS / "reference").rglob("*.md")}
    made = generate.kept_pages()
    assert set(kept) == set(made)
    differing = [page for page, text in made.items() if kept[page].read_text(encoding="utf-8") != text]
    assert differing == [], "run: python docs/site/generate.py"


def test_every_page_holds_today_s_figures_and_cards() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    blocks = sum(len(re.findall("<!-- end -->", text)) for text in texts.values())
    assert blocks > 20
    assert blocks == sum(len(re.findall("<!-- (?:figures|card|model card): ", text)) for text in texts.values())
    stale = [name for name, text in texts.items() if generate.filled(text) != text]
    assert stale == [], "run: python docs/site/generate.py"


def test_no_bar_in_a_code_of_a_table_shows_its_backslash() -> None:
    assert generate._cell("`a=yes|unknown` or | b") == "<code>a=yes&#124;unknown</code> or \\| b"
    texts = "\n".join(generate.kept_pages().values())
    assert re.findall(r"(?m)^\|.*`[^`|]*\\\|[^`]*`.*$", texts) == []


def test_the_site_has_a_page_for_each_of_its_entries(pages: dict[str, str]) -> None:
    entries = re.findall(r": ([\w/-]+\.md)$", (DOCS / "site" / "mkdocs.yml").read_text(encoding="utf-8"), re.M)
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("*.md")}
    assert set(entries) == {page for page in written | set(pages) if not page.startswith("reference/modules/")}
    assert len(entries) == len(set(entries))


def test_every_figure_is_shown_under_its_command() -> None:
    page = (DOCS / "evaluation.md").read_text(encoding="utf-8")
    shown = re.findall(r"<!-- figures: (\S+) -->", page)
    assert sorted(shown) == sorted(path.name for path in (DOCS / "figures").iterdir())
    assert len(re.findall(r"^\$ ", page, re.M)) == len(shown)


def test_the_readme_has_the_figures_of_the_card() -> None:
    figures = readme.readme_figures(generate.read_card("pattern-v2"))
    assert readme.with_figures(README, figures) == README, "run: python docs/site/readme.py"


def _row(figures: str, name: str) -> list[str]:
    """Cells of a row of measured figures, the name left out."""
    lines = (DOCS / "figures" / figures).read_text(encoding="utf-8").splitlines()
    (cells,) = [line.split("|")[2:-1] for line in lines if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in cells]


def test_the_readme_s_sizes_and_rulers_are_those_of_the_evaluation() -> None:
    abroad, home = (
        round(float(_row("errors.md", f"spots {of}: diameter")[5].rstrip(" %"))) for of in ("abroad", "home")
    )
    assert f"is {abroad} % on sources never trained on, {home} % on the others" in README
    rulers = (DOCS / "figures" / "rulers.md").read_text(encoding="utf-8")
    count = int(re.match(r"(\d+) rulers", rulers)[1])  # type: ignore[index]
    within, _, _, false_scales, _ = _row("rulers.md", "as it is")
    assert f"{float(within) * count:.0f} of {count} real ones read within 3 %, and none seen" in README
    assert false_scales == "0"


def _assert_same_picture(shown: bytes, drawn: bytes) -> None:
    kept, made = (cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) for content in (shown, drawn))
    assert kept is not None
    assert made is not None
    assert kept.shape == made.shape, "run: python docs/site/pictures.py"
    # Another version of the encoder may round otherwise, by a few levels.
    assert int(cv2.absdiff(kept, made).max()) <= 8, "run: python docs/site/pictures.py"


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_pictures_of_the_docs_are_what_the_program_draws(name: str) -> None:
    drawn = pictures.encoded(pictures.PICTURES[name]())
    _assert_same_picture((pictures.IMAGES / name).read_bytes(), drawn)


def test_what_is_said_of_the_three_tones_is_so() -> None:
    *lighter, darkest = (analyze(rgb) for rgb in pictures.tones())
    assert "{}, {} and {} are found".format(*(len(one.spots) for one in (*lighter, darkest))) in README
    assert [one.pattern.label for one in lighter] == ["petechial_shower", "petechial_shower"]
    assert darkest.pattern.label == "uncertain"


TASKS = examples.sections((DOCS / "how-to.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("title", TASKS)
def test_examples_of_a_task_do_what_the_page_shows(title: str, project: Path, tmp_path: Path) -> None:
    if title == "A DICOM file":
        pytest.importorskip("pydicom")
        rgb = read_photo(project / "sample_images" / "plain-skin.jpg").rgb
        write_dicom(tmp_path / "photo.dcm", [0.125, 0.125], rgb)
    assert examples.run_section(TASKS[title], tmp_path, project) == []
    # Pictures of pages are made by docs/site/screenshots.py.
    for name in (name for name, of in pictures.WRITTEN.items() if of == title):
        kept, made = (pictures.IMAGES / name).read_bytes(), (tmp_path / name).read_bytes()
        if name.endswith(".svg"):
            assert made == kept, "run: python docs/site/pictures.py"
        else:
            _assert_same_picture(kept, made)


def test_every_task_has_examples_and_a_picture_of_them_has_its_task() -> None:
    assert len(TASKS) > 10
    assert set(pictures.WRITTEN.values()) <= set(TASKS)


def _readme_commands() -> list[tuple[list[str], list[str]]]:
    """Commands of lesionvis in the README's blocks, each with the lines that it shows."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.S)
    return [step for block in blocks for step in examples.commands(block)]


def test_the_readme_names_commands_and_options_that_exist() -> None:
    used = re.findall(r"`(lesionvis \w[^`]*)`", README) + [shlex.join(words[2:]) for words, _ in _readme_commands()]
    assert len(used) > 5
    for command in used:
        _, name, *rest = shlex.split(command)
        assert name in set(COMMANDS), command
        options = (
            {option for parameter in COMMANDS[name].params for option in parameter.opts} if name in COMMANDS else ()
        )
        assert not {word for word in rest if word.startswith("--")} - set(options), command


@pytest.mark.parametrize(
    ("command", "shown"), [pytest.param(*both, id=both[0][3]) for both in _readme_commands() if both[1]]
)
def test_the_readme_shows_what_a_command_prints(
    command: list[str], shown: list[str], tmp_path: Path, project: Path
) -> None:
    for folder in examples.SAMPLES:
        (tmp_path / folder).symlink_to(project / folder)
    width = {**os.environ, "COLUMNS": examples.COLUMNS}
    result = subprocess.run(command, cwd=tmp_path, env=width, capture_output=True, text=True, check=True)
    assert examples.not_printed(shown, result.stdout.splitlines()) == []


def test_the_readme_s_python_runs(project: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    result = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("petechial_shower ")
    assert "diameter_error_mm" in result.stdout


@pytest.fixture(scope="module")
def sample_run(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a run of two sample photos, one of which has spots and a scale."""
    folder = tmp_path_factory.mktemp("tables")
    (folder / "photos").mkdir()
    for name in ("shower-light-ruler.jpg", "plain-skin.jpg"):
        shutil.copy(project / "sample_images" / name, folder / "photos")
    program = [sys.executable, "-m", "lesionvis", "batch", "photos", "--out", "run", "--quiet"]
    subprocess.run(program, cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("language", ["python", "r"])
def test_the_tables_open_in_pandas_and_in_r_as_the_page_on_studies_shows(language: str, sample_run: Path) -> None:
    (code,) = re.findall(rf"```{language}\n(.*?)```", (DOCS / "study.md").read_text(encoding="utf-8"), re.S)
    lines = code.strip().splitlines()
    spots = pd.read_csv(sample_run / "run" / "spots.csv")
    expected = spots.groupby("photo")["diameter_mm"].median().loc["shower-light-ruler.jpg"]
    if language == "python":
        program = [sys.executable, "-c", "\n".join([*lines[:-1], f"print({lines[-1]})", "print(len(photos))"])]
    elif shutil.which("Rscript"):
        program = ["Rscript", "-e", "\n".join([*lines[:-1], f"print({lines[-1]})", "cat(nrow(photos), fill = TRUE)"])]
    else:
        pytest.skip("R is not installed")
    printed = subprocess.run(program, cwd=sample_run, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"shower-light-ruler\.jpg +([\d.]+)", printed)
    assert float(found[0]) == pytest.approx(expected, abs=1e-5)
    assert printed.splitlines()[-1].strip() == "2"


def test_the_dicom_example_runs(project: Path, tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    page = (DOCS / "getting-started.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"### DICOM\n.*?```python\n(.*?)```", page, re.S)
    write_dicom(tmp_path / "photo.dcm", [0.125, 0.125], read_photo(project / "sample_images" / "plain-skin.jpg").rgb)
    program = [sys.executable, "-c", f"{code}\nprint(analysis.scale)"]
    result = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout == "Scale(dicom, 8 px/mm)\n"


def test_every_place_names_the_same_version() -> None:
    root = DOCS.parent
    assert f"\nversion: {lesionvis.__version__}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.M).group(1) == (  # type: ignore[union-attr]
        lesionvis.__version__
    )


def test_the_method_names_every_flag_that_forbids_an_answer() -> None:
    method = (DOCS / "method.md").read_text(encoding="utf-8")
    sentence = re.search(r"No answer at all is given on photos flagged (.*)\.", method)
    assert sentence
    assert re.findall(r"`(\w+)`", sentence[1]) == list(BLOCKING_FLAGS)


@pytest.mark.parametrize(
    "said",
    [
        f"a longer side of {Analyzer().working_long_side_px} px, but never below {MIN_WORKING_PX_PER_MM:g} px per mm",
        f"have noise of {NOISE_MIN_LEVELS:g} levels or more",
        f"({PRINT_ERROR:.1%}), and a tenth of the spread".replace("%", " %"),
        f"from the print ({PRINT_TOLERANCE:.1%})".replace("%", " %"),
        f"few real coins that were found ({OUTLINE_ERROR:.0%})".replace("%", " %"),
        f"(L + {DENSITY_FLOOR}) / {1 + DENSITY_FLOOR}",
        f"under {ENLARGED_BELOW_PX} px is enlarged",
        f"inside {CORE} of the expected radius) and skin ({RING_QUANTILE:.0%} quantile".replace("%", " %"),
        f"where {BORDER_CONTRAST:.0%} of the contrast".replace("%", " %"),
        f"fainter than {CONTRAST_MIN} log10 units or four times the fine noise",
        f"**Evidence**: {len(CANDIDATE_EVIDENCE)} numbers on each",
        f"From {SPOT_SCORE_MIN} on it is a spot",
        f"From {LESION_SCORE_MIN} on it takes the ground",
        f"less than {CROWD_LESION_SCORE_MIN} is expected",
        f"({REPEAT_ERROR_MIN_PX} working px), {REPEAT_ERROR_SHARE:.0%} of the diameter".replace("%", " %"),
        f"uneven by a density of {UNEVEN_DENSITY}",
        f"{ERROR_PER_OVERLAP_LOST:.0%} of the overlap".replace("%", " %"),
        f"`D_R > {BLUE_BLACK_RED_DENSITY_MIN:.2f}`",
        f"below {PURPLE_BLUE_SHARE_MAX} and `r > {PURPLE_RED_RATIO_MIN:.2f}`",
        f"`r > {BROWN_RED_RATIO_MIN:.2f}`",
        f"{len(rules())} [rules](reference/rules.md) over the pattern and {len(questions())} [answers]",
    ],
)
def test_the_method_gives_the_numbers_of_the_code(said: str) -> None:
    assert said in (DOCS / "method.md").read_text(encoding="utf-8")


def test_the_search_works_from_disk_and_loads_nothing_from_elsewhere() -> None:
    site = yaml.safe_load((DOCS / "site" / "mkdocs.yml").read_text(encoding="utf-8"))
    assert [plugin for plugin in site["plugins"] if isinstance(plugin, str)] == ["search", "offline"]
    # The plugin adds an address of its own unless one of these is named so.
    assert [path for path in site["extra"]["polyfills"] if "iframe-worker" in path] != []
    own = (*site["extra"]["polyfills"], *site["extra_css"])
    assert [path for path in own if not (DOCS / path).is_file()] == []


def _anchors(text: str) -> set[str]:
    """Names that a link can end in: those of the headings, as the site makes them."""
    headings = re.findall(r"^#+ +(.*?) *#*$", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), re.M)
    plain = (re.sub(r"\]\([^)]*\)|[^\w\s-]", "", heading) for heading in headings)
    return {re.sub(r"[-\s]+", "-", heading.strip().lower()) for heading in plain}


def test_links_between_the_texts_lead_somewhere(pages: dict[str, str]) -> None:
    root = DOCS.parent
    texts = {path: path.read_text(encoding="utf-8") for path in (*root.glob("*.md"), *DOCS.glob("*.md"))}
    texts |= {DOCS / page: text for page, text in pages.items()}
    broken, count = [], 0
    for path, text in texts.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)):
            if re.match(r"\w+:", target):  # elsewhere: never fetched
                continue
            count += 1
            file, _, anchor = target.partition("#")
            to = (path.parent / file).resolve() if file else path
            if (to not in texts and not to.exists()) or (anchor and anchor not in _anchors(texts[to])):
                broken.append(f"{path.name}: {target}")
    assert count > 40
    assert broken == []


def test_the_readme_tells_how_many_rules_have_no_source(project: Path) -> None:
    without = sum(rule.source_title == NO_SOURCE for rule in rules())
    in_part = sum(rule.source_title.endswith(REST_WITHOUT_SOURCE) for rule in rules())
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert f"Of the {len(rules())} rules {without} have no source and {in_part} have one for a part only" in readme


def test_the_clinical_notes_tell_of_every_level_and_of_every_rule_without_a_source() -> None:
    notes = (DOCS / "clinical.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", notes, re.M) == [str(level) for level in sorted(Level, reverse=True)]
    told = notes.split("Without any source: ")[1]
    without, in_part = told.split("With a source for a part: ")
    named = [rule.rule_id for rule in rules() if rule.source_title == NO_SOURCE]
    assert sorted(re.findall(r"\b([SPW]\d\d) \(", without)) == sorted(named)
    parts = [rule.rule_id for rule in rules() if rule.source_title.endswith(REST_WITHOUT_SOURCE)]
    assert sorted(re.findall(r"\b[ESPTDWN]\d\d\b", in_part.split("\n")[0])) == sorted(parts)
    assert f"Of the {len(rules())} rules {len(named)} have no source and {len(parts)} have one for a part only" in notes
