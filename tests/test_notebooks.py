"""The notebooks run from top to bottom, say what their own run shows, and are stored without what they print."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def _run(name: str, expression: str = "None") -> tuple[str, str, Any]:
    """What a notebook says, what its run prints, and the value of an expression in its kernel at the end."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    said = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json; print(json.dumps({expression}))"))
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.get("name") == "stderr"]
    printed = [output.text for output in outputs if output.get("name") == "stdout"]
    return said, "".join(printed[:-1]), json.loads(printed[-1])


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, f"{pattern!r} is not in {text!r}"
    return float(found[1])


def test_each_notebook_has_a_test_of_what_it_says() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01-one-photo",
        "02-a-folder",
        "03-train-and-evaluate",
        "04-tourniquet-test",
        "05-a-study",
    ]


def test_one_photo_step_by_step() -> None:
    whole = "analyze(SAMPLES / 'shower-light-ruler.jpg')"
    said, printed, result = _run(
        "01-one-photo", f"[flags, pattern.label, len(spots), {whole}.pattern.label, len({whole}.table)]"
    )
    assert _number(r"([\d.]+) ± [\d.]+ px per mm, from a ruler; 8 is true", printed) == pytest.approx(8.0, abs=0.25)
    assert _number(r"tone ITA (-?\d+) degrees \(47 is true\)", printed) == pytest.approx(47.0, abs=5.0)
    assert "doubts: none" in printed
    found, rendered = _number(r"(\d+) spots;", printed), _number(r"; (\d+) were rendered", printed)
    assert found == pytest.approx(rendered, rel=0.1)
    levels = re.findall(r"^([A-Z_]+) - ", printed, re.MULTILINE)
    assert levels == ["SAME_DAY", "EMERGENCY"]
    # "`analyze()` does all of this in one call".
    assert "does all of this in one call" in said
    assert result == [[], "petechial_shower", found, "petechial_shower", found]


def test_a_folder() -> None:
    said, printed, answers = _run("02-a-folder", "dict(zip(photos.photo, zip(photos.pattern_true, photos.pattern)))")
    assert "{'ok': 8}" in printed
    assert "the same table: True" in printed
    assert "the photo of one angioma is left open between an angioma and a single lesion" in said
    assert answers.pop("angioma.jpg") == ["angioma", "uncertain"]
    assert "The other seven are answered as they were rendered, brown skin among them" in said
    assert len(answers) == 7
    assert "shower-brown-arm.jpg" in answers
    assert [photo for photo, (true, answer) in answers.items() if true != answer] == []


def test_training_and_evaluation() -> None:
    tones = "pd.DataFrame(by_tone(table, judged)).iloc[0].to_dict()"
    clear = "Counter(label.pattern for label in labels if label.certainty == 'clear')"
    said, printed, (photos_by_tone, counts, photos_by_source) = _run(
        "03-train-and-evaluate", f"[{tones}, {clear}, Counter(label.source for label in labels)]"
    )
    labelled = _number(r"features of ([\d,]+) labelled photos", said.replace(",", ""))
    assert labelled == _number(r"rows, (\d+) photos", printed)
    # "Few showers and angiomas: ... Two sources hold half of the photos".
    assert max(counts["petechial_shower"], counts["angioma"]) < 0.02 * labelled
    largest = sorted((photos_by_source[name] for name in photos_by_source), reverse=True)
    assert sum(largest[:2]) == pytest.approx(0.5 * labelled, rel=0.1)
    assert _number(r"(\d+) sources on the web", said) == len(photos_by_source) - 2
    assert "for only twelve photos" in said
    assert photos_by_tone["dark"] == 12
    assert "two ONNX files and a card" in said
    assert "['card.json', 'forest.onnx', 'linear.onnx']" in printed


def test_tourniquet_test() -> None:
    said, printed, (difference, photos) = _run("04-tourniquet-test", "[difference.tolist(), len(true_counts)]")
    assert _number(r"scale: ([\d.]+) ±", printed) == pytest.approx(9.0, abs=0.3)
    # "Both counts are those of the fullest square."
    assert "the fullest square" in said
    square = r"in the fullest square: (\d+); the column says (\d+)"
    assert _number(square, printed) == _number(r"the column says (\d+)", printed)
    # "Rendered photos are kinder than real ones."
    assert photos == 16
    assert max(abs(value) for value in difference) <= 3


def test_a_study() -> None:
    said, printed, (corrected, basis, notes, rows) = _run(
        "05-a-study",
        "[after[after.spots_from == 'corrected'].spot_count.to_dict(), after.triage_basis.to_dict(), len(measured), "
        "[len(read_pattern_table(place / 'training.csv').labels) for place in (shipped, BASE, MODEL)]]",
    )
    # "With answers the full rules decide; without a row nobody was asked".
    assert "without a row nobody was asked" in said
    answered = {photo for photo, value in basis.items() if value == "answers"}
    assert answered == {"shower-light-ruler.jpg", "shower-brown-arm.jpg", "angioma.jpg"}
    # "two spots are deleted, and the likeliest candidate is promoted"; "a spot is painted into the mask".
    before = _number(r"(\d+) spots before", printed)
    assert corrected == {"plain-skin.jpg": 1, "shower-light-leg.jpg": before - 1}
    assert f"{before:.0f} spots before, {before - 1:.0f} after, 1 of them drawn" in printed
    assert "kept spots have their old numbers: True" in printed
    assert "found again as before: True" in printed
    assert "changed 2" in printed
    assert "Settings, models and versions are the same." in printed
    # "joins both runs", "follows the spots of each".
    photos = len(
        list((FOLDER.parent / "sample_images").glob("*.jpg")) + list((FOLDER.parent / "sample_pairs").glob("*.jpg"))
    )
    assert f"{photos} photos in the merged run, patients followed: ['P5']" in printed
    assert notes > 0
    # "a clinic under orange lamps, whose light the shipped model holds back on: 15 rendered photos of five patients".
    assert "15 rendered photos of five patients" in said
    assert "{'ok': 15}" in printed
    before, after = re.findall(r"^answered as was said: (\d+) of 15 before, (\d+) with", printed, re.M)[0]
    assert int(before) <= 7
    assert int(after) > int(before) + 3
    # "on photos of patients who were in no training", and a twentieth of the table is taken along.
    acceptable = [float(cell.split()[0]) for cell in re.findall(r"\| acceptable \| (.*) \| (.*) \|", printed)[-1]]
    assert acceptable[1] > acceptable[0] + 0.3
    assert "only a twentieth of what the shipped model learnt from" in said
    assert rows[1] < 0.06 * rows[0]
    assert rows[2] == rows[1] + 15


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []
