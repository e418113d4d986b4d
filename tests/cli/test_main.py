"""The command line prints results, says what is wrong in one sentence, and ends with the right code."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawn import write_photo
from typer.testing import CliRunner, Result

from lesionvis import __version__
from lesionvis.analysis import Analyzer
from lesionvis.cli import main as cli
from lesionvis.errors import LesionvisError
from lesionvis.lab.render.cards import Pose, render_card, render_coin
from lesionvis.lab.render.scene import Scene
from lesionvis.labels import LABELS
from lesionvis.spots import SpotFinder
from lesionvis.triage import advise
from lesionvis.triage.wording import ALWAYS, HEADER, PATTERN_MEANINGS


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write_photo(tmp_path / "in" / "a.png", 1)


def program(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does."""
    command = [sys.executable, "-c", "from lesionvis.cli.main import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def called(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a call in this process."""
    before = sys.argv
    sys.argv = ["lesionvis", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        sys.argv = before
    out, err = capsys.readouterr()
    code = ended.value.code
    return code if isinstance(code, int) else 0, out, err


def invoked(*arguments: object, typed: str = "") -> Result:
    """A call that reads what a person types."""
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments], input=typed)


def test_importing_the_command_line_is_light() -> None:
    heavy = {"sklearn", "scipy", "skimage", "pandas", "matplotlib", "onnxruntime", "joblib", "cv2", "numpy", "rich"}
    code = f"import sys, lesionvis.cli.main; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_analyzing_loads_no_training_library(photo: Path) -> None:
    heavy = {"sklearn", "scipy", "skimage", "pandas", "matplotlib", "joblib"}
    code = (
        f"import sys, lesionvis.cli.main as cli; sys.argv = ['lesionvis', 'analyze', {str(photo)!r}]\n"
        f"try:\n    cli.main()\nexcept SystemExit:\n    print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_program_analyzes_a_photo(photo: Path) -> None:
    done = program("analyze", photo)
    assert (done.returncode, done.stderr) == (0, "")
    assert HEADER in " ".join(done.stdout.split())
    assert PATTERN_MEANINGS[Analyzer()(photo).pattern.label] in " ".join(done.stdout.split())


def test_json_is_that_of_the_library(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(capsys, "analyze", photo, "--json", "--px-per-mm", 5)
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads(Analyzer(px_per_mm=5.0)(photo).to_json())


def test_what_counts_as_a_spot_is_an_option(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--min-score", 0.7, "--min-diameter-mm", 1.5, "--max-diameter-mm", 9, "--px-per-mm", 5)
    height, width = Analyzer()(photo).photo.rgb.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    mask[: height // 2] = 1
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    code, out, err = called(capsys, "analyze", photo, "--json", *options, "--exclude", tmp_path / "mask.png")
    assert (code, err) == (0, "")
    finder = SpotFinder(min_score=0.7, min_diameter_mm=1.5, max_diameter_mm=9.0)
    assert json.loads(out) == json.loads(Analyzer(px_per_mm=5.0, spot_finder=finder)(photo, mask=mask).to_json())
    cv2.imwrite(str(tmp_path / "mask.png"), mask[1:])
    code, _, err = called(capsys, "analyze", photo, "--exclude", tmp_path / "mask.png")
    assert code == 2
    assert "mask.png is " in err


def test_text_tells_what_a_person_wants_to_know(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    analysis = Analyzer(px_per_mm=5.0)(photo)
    _, out, _ = called(capsys, "analyze", photo, "--px-per-mm", 5)
    text = " ".join(out.split())
    assert f"{len(analysis.table)}, " in text
    assert "mm across" in text
    assert "5 px per mm (given)" in text
    for sentence in (HEADER, *ALWAYS):
        assert sentence in text
    detailed = " ".join(called(capsys, "analyze", photo, "--px-per-mm", 5, "--details")[1].split())
    for fired in analysis.advice.reasons:
        assert fired.reason in detailed
        assert fired.source_title in detailed
    assert all(len(line) <= 100 or "http" in line for line in out.splitlines())


def test_a_photo_without_scale_says_so(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = called(capsys, "analyze", photo)
    assert "none, so no millimetres" in out
    assert " px across" in out


@pytest.mark.parametrize("extension", [".png", ".jpg", ".JPG"])
def test_an_overlay_is_written_where_asked(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], extension: str
) -> None:
    overlay = tmp_path / f"seen{extension}"
    assert called(capsys, "analyze", photo, "--overlay", overlay)[0] == 0
    picture = cv2.imread(str(overlay))
    assert picture is not None
    assert picture.shape[1] == 1000


def test_rejected_candidates_and_the_abcde_can_be_drawn(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lesion = project / "sample_images" / "irregular-lesion.jpg"
    explained, letters = tmp_path / "explained.png", tmp_path / "abcde.png"
    assert called(capsys, "analyze", lesion, "--explain", explained, "--abcde", letters)[0] == 0
    assert cv2.imread(str(explained)) is not None
    assert cv2.imread(str(letters)) is not None
    code, out, error = called(capsys, "analyze", project / "sample_images" / "plain-skin.jpg", "--abcde", letters)
    assert "ADVICE:" in out
    assert code == 2
    assert "no dominant lesion" in error


def test_settings_come_from_a_file_and_options_override_it(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("px_per_mm = 4.0\n")
    out = called(capsys, "analyze", photo, "--json", "--settings", settings)[1]
    assert json.loads(out)["scale"]["px_per_mm"] == 4.0
    out = called(capsys, "analyze", photo, "--json", "--settings", settings, "--px-per-mm", 6)[1]
    assert json.loads(out)["scale"]["px_per_mm"] == 6.0


def test_age_cause_and_sites_answer_what_follows_and_are_told(capsys: pytest.CaptureFixture[str], photo: Path) -> None:
    told = ("--age", 34, "--cause", "coughing", "--site", "face", "--site", "neck")
    for command in (("analyze", photo), ("advise", "--pattern", "uncertain")):
        advice = json.loads(called(capsys, *command, *told, "--json")[1])
        advice = advice.get("advice", advice)
        follows = {"child": "no", "explained": "yes", "distribution": "fits_explanation"}
        assert follows.items() <= advice["answers"].items()
        assert any("whether the neck was squeezed" in note for note in advice["circumstance_notes"])
        text = " ".join(called(capsys, *command, *told, "--details")[1].split())
        assert 'The age in years is 34, so "Is the person under 18?" counts as answered "no".' in text


def test_answers_come_from_a_file_and_options_override_it(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text('fever = "yes"\nblanch = "fades"\n')
    out = called(capsys, "analyze", photo, "--json", "--answers", answers, "--answer", "blanch=does_not_fade")[1]
    given = json.loads(out)["advice"]["answers"]
    assert (given["fever"], given["blanch"], given["child"]) == ("yes", "does_not_fade", "unknown")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("analyze", "{in}/none.jpg"), 1, "does not exist"),
        (("analyze", "{in}/empty.jpg"), 1, "empty.jpg is empty (0 bytes)"),
        (("analyze", "{in}"), 1, "is a folder, not a photo"),
        (("analyze", "{photo}", "--px-per-mm", "0"), 2, "px_per_mm must be a finite number above 0"),
        (("analyze", "{photo}", "--px-per-mm", "eight"), 2, "Invalid value for '--px-per-mm'"),
        (("analyze", "{photo}", "--coin", "groat"), 2, "groat"),
        (("analyze", "{photo}", "--mm-across", "-1"), 2, "-1"),
        (("analyze", "{photo}", "--bar-mm", "5"), 2, "bar_mm must be a number from 25 to 100"),
        (("card", "--out", "{in}/card.png"), 2, "must end in .pdf"),
        (("card", "--out", "{in}/card.pdf", "--paper", "A3"), 2, "paper must be A4 or letter"),
        (("card", "--out", "{in}/missing/card.pdf"), 2, "cannot be written"),
        (("analyze", "{photo}", "--answer", "fever"), 2, 'NAME=VALUE, such as fever=yes, not as "fever"'),
        (("analyze", "{photo}", "--answer", "fevr=yes"), 2, 'did you mean "fever"'),
        (("analyze", "{photo}", "--answer", "fever=maybe"), 2, 'cannot be "maybe"'),
        (("analyze", "{photo}", "--answers", "{in}/answers.toml"), 2, "must be a text in quotes, got True"),
        (("analyze", "{photo}", "--settings", "{in}/none.toml"), 2, "none.toml cannot be read"),
        (("analyze", "{photo}", "--model", "{in}"), 2, "card.json is missing"),
        (("analyze", "{photo}", "--overlay", "{photo}"), 2, "would overwrite the photo"),
        (("analyze", "{photo}", "--overlay", "{in}/o.gif"), 2, "must end in .png, .jpg or .jpeg."),
        (("analyze", "{photo}", "--overlay", "{in}/none/o.png"), 2, "does not exist; make it first"),
        (("analyze",), 2, "Missing argument"),
        (("analyse",), 2, "No such command"),
        (("batch", "{in}"), 2, "Missing option '--out'"),
        (("batch", "{in}", "--out", "{in}"), 2, "holds the photos themselves"),
        (("batch", "{in}", "--out", "{in}/run", "--jobs", "0"), 2, "jobs must be at least 1, got 0"),
        (("batch", "{in}/none", "--out", "{in}/run"), 2, "is not a folder"),
        (("status", "{in}"), 2, "holds no run"),
        (("advise", "--pattern", "angiom"), 2, "is one of petechial_shower"),
        (("model", "{in}"), 2, "card.json is missing"),
    ],
)
def test_what_is_wrong_is_one_clear_sentence(
    photo: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, words: str
) -> None:
    (photo.parent / "empty.jpg").touch()
    (photo.parent / "answers.toml").write_text("fever = true\n")
    before = photo.read_bytes()
    places = {"in": str(photo.parent), "photo": str(photo)}
    got, out, err = called(capsys, *(argument.format(**places) for argument in arguments))
    assert (got, out) == (code, "")
    assert words in " ".join(err.split())
    assert "Traceback" not in err
    assert photo.read_bytes() == before


def test_a_message_cannot_take_over_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "\x1b[2J\u202e\nlesionvis: fine.jpg"
    path.touch()
    _, _, err = called(capsys, "analyze", path)
    assert err.count("\n") == 1
    assert "%1B[2J%E2%80%AE%0Alesionvis: fine.jpg is empty" in err
    path.write_bytes(write_photo(tmp_path / "fine.png", 1).read_bytes())
    _, out, _ = called(capsys, "analyze", path)
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_a_fault_of_the_program_is_no_traceback_unless_asked(
    photo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(cli, "analyzer_of", broken)
    code, _, err = called(capsys, "analyze", photo)
    assert code == 1
    assert err.startswith("lesionvis: A fault of lesionvis itself (KeyError: 'lost'); please report it.")
    assert "Traceback" not in err
    monkeypatch.setenv("LESIONVIS_TRACEBACK", "1")
    monkeypatch.setattr(sys, "argv", ["lesionvis", "analyze", str(photo)])
    with pytest.raises(KeyError):
        cli.main()


def test_a_reader_that_has_enough_is_no_error(photo: Path) -> None:
    code = "import sys; sys.argv = ['lesionvis', *sys.argv[1:]]; from lesionvis.cli.main import main; main()"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, "analyze", str(photo), "--json"],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_version_and_help() -> None:
    assert invoked("--version").output == f"lesionvis {__version__}\n"
    help_text = invoked("--help").output
    for command in ("analyze", "batch", "status", "advise", "doctor", "train", "model"):
        assert f"\n  {command} " in help_text
        assert invoked(command, "--help").exit_code == 0


# Folders


def test_batch_prints_a_table_and_where_to_look(photo: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = program("batch", photo.parent, "--out", run, "--overlays", "--jobs", 1)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["photo", "status", "pattern", "spot_count", "median_diameter_mm", "triage_level"]
    assert lines[1].startswith("a.png  ok ")
    assert "triage_basis  nobody was asked 1" in lines
    assert f"such as {run / 'overlays' / 'a.jpg'}" in done.stdout
    assert (run / "overlays" / "a.jpg").is_file()
    again = program("batch", photo.parent, "--out", run, "--overlays", "--jobs", 1)
    assert (again.returncode, again.stdout) == (0, done.stdout)
    status = program("status", run)
    assert f"{run}: finished, 1 of 1 photos done" in status.stdout
    assert "settings_hash" in status.stdout


def test_batch_ends_with_1_when_a_photo_failed(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photo.parent / "empty.jpg").touch()
    code, out, _ = called(capsys, "batch", photo.parent, "--out", tmp_path / "run", "--jobs", 1)
    assert code == 1
    assert "failed  empty.jpg: This file is empty (0 bytes)" in out
    with (tmp_path / "run" / "photos.csv").open() as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["ok", "failed"]


def test_the_tables_of_an_interrupted_run_are_written_on_request(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lesionvis.batch.run._analyze", stopped)
    assert called(capsys, "batch", photo.parent, "--out", run)[0] == 130
    names = ["photos.partial.csv", "spots.partial.csv", "skipped.partial.csv"]
    assert called(capsys, "tables", run) == (0, "".join(f"{run / name}\n" for name in names), "")
    with (run / names[0]).open() as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["waiting"]
    code, out, _ = called(capsys, "tables", run, "--excel", tmp_path / "study.xlsx")
    assert (code, out.splitlines()[-1]) == (0, str(tmp_path / "study.xlsx"))
    code, _, err = called(capsys, "tables", photo.parent)
    assert (code, "holds no run" in err) == (2, True)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8"])
def test_names_that_the_terminal_cannot_show_end_nothing(photo: Path, tmp_path: Path, encoding: str) -> None:
    (photo.parent / "👩 Größe.png").write_bytes(photo.read_bytes())
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-c", "from lesionvis.cli.main import main; main()"]
    done = subprocess.run(
        [*command, "batch", str(photo.parent), "--out", str(tmp_path / "run")],
        capture_output=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert b"ok 2" in done.stdout


def test_a_person_at_the_terminal_sees_progress(photo: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = ["batch", str(photo.parent), "--out", str(tmp_path / "run"), "--jobs", "1"]
    with subprocess.Popen(
        [sys.executable, "-c", "from lesionvis.cli.main import main; main()", *command],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm"},
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 1000)
            except OSError:  # the other end is closed
                break
            seen += piece
        assert process.stdout is not None
        assert b"photos.csv" in process.stdout.read()
    os.close(ours)
    assert b"analysing" in seen
    assert b"1/1" in seen


def test_stopping_from_the_keyboard_is_told(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lesionvis.batch.run._analyze", stopped)
    code, _, err = called(capsys, "batch", photo.parent, "--out", tmp_path / "run")
    assert code == 130
    assert "Run the same command again to resume" in err


# Advice


@pytest.mark.parametrize("pattern", LABELS)
def test_advice_carries_header_level_reasons_and_standing_sentences(
    pattern: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = called(capsys, "advise", "--pattern", pattern)
    advice = advise(pattern)
    text = " ".join(out.split())
    assert (code, err) == (0, "")
    assert text.startswith(HEADER)
    assert text.count("ADVICE: ") == 1
    for sentence in (advice.action.time_limit, *advice.action.safety_net, *advice.always):
        assert sentence in text
    detailed = " ".join(called(capsys, "advise", "--pattern", pattern, "--details")[1].split())
    for fired in advice.reasons:
        for part in (fired.rule_id, fired.reason, fired.source_title, *fired.source_addresses):
            assert part in detailed


def test_the_numbers_are_those_of_the_country(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = called(capsys, "advise", "--pattern", "no_spots", "--answer", "fits=yes", "--country", "de")
    assert "Call 112. If someone else" in " ".join(out.split())
    code, out, err = called(capsys, "advise", "--pattern", "no_spots", "--country", "ZZ")
    assert (code, out) == (2, "")
    assert 'There are no numbers for the country "ZZ"; choose one of EU, GB' in err


def test_advice_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    answers = ("--answer", "fever=yes", "--answer", "blanch=does_not_fade")
    code, out, _ = called(capsys, "advise", "--pattern", "petechial_shower", *answers, "--json")
    assert code == 0
    assert json.loads(out)["level"] == "emergency"


def test_a_sheet_for_the_doctor_is_written(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.html"
    code, out, _ = called(capsys, "analyze", photo, "--sheet", sheet, "--answer", "fever=no", "--age", 34)
    assert code == 0
    assert "ADVICE: " in out
    page = sheet.read_text(encoding="utf-8")
    assert "sheet for the doctor" in page
    assert "Age 34 years" in page
    assert "fever now" in page.split("No:")[1]
    for wrong, words in (
        (tmp_path / "sheet.pdf", "must end in .html or .htm."),
        (tmp_path / "none" / "s.html", "make it first"),
    ):
        code, out, err = called(capsys, "analyze", photo, "--sheet", wrong)
        assert (code, out) == (2, "")
        assert words in err


# Installation


def test_the_doctor_finds_a_good_installation(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "doctor")
    assert code == 0
    assert all(line.startswith("ok ") for line in out.splitlines())
    for name in ("lesionvis", "opencv", "numpy", "models", "formats", "self-test"):
        assert f"ok   {name} " in out


@pytest.mark.parametrize(("paper", "points"), [("a4", 842), ("A4", 842), ("letter", 792)])
def test_a_card_to_print_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, paper: str, points: int
) -> None:
    code, out, _ = called(capsys, "card", "--out", tmp_path / "card.pdf", "--paper", paper)
    assert code == 0
    assert "50.0 mm" in out
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", (tmp_path / "card.pdf").read_bytes())
    assert box is not None
    assert round(float(box[2])) == points


def test_the_scale_comes_from_what_the_options_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    scene = Scene(width_px=900, height_px=700, px_per_mm=8.0)
    card, coin = tmp_path / "card.png", tmp_path / "coin.png"
    cv2.imwrite(str(card), render_card(scene, Pose(420.0, 330.0)).rgb[..., ::-1])
    cv2.imwrite(str(coin), render_coin(scene, Pose(300.0, 320.0), 24.26).rgb[..., ::-1])
    for arguments, source, px_per_mm in (
        ((card, "--bar-mm", 50), "marker", 8.0),
        ((card, "--bar-mm", 40), "marker", 10.0),
        ((coin, "--coin", "usd-25c"), "coin", 8.0),
        ((coin, "--mm-across", 90), "given", 10.0),
    ):
        scale = json.loads(called(capsys, "analyze", *arguments, "--json")[1])["scale"]
        assert scale["source"] == source
        assert scale["px_per_mm"] == pytest.approx(px_per_mm, rel=0.01)


def test_the_card_of_the_model_is_printed(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    code, out, _ = called(capsys, "model")
    assert code == 0
    card = project / "models" / "pattern-v2" / "MODEL_CARD.md"
    assert out.strip() == card.read_text(encoding="utf-8").strip()


def test_every_error_of_the_package_ends_with_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in LesionvisError.__subclasses__():

        def broken(error: type[LesionvisError] = kind) -> None:
            raise error("No.")

        monkeypatch.setattr(cli, "app", broken)
        code, _, err = called(capsys)
        assert (code, err) == (1 if kind.__name__ == "UnreadablePhoto" else 2, "lesionvis: No.\n")
