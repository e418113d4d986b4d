"""`python docs/site/generate.py` makes the pages of reference from the code and fills measured figures into the others.

A test compares, so that none can fall behind the code. MkDocs runs this as a hook for the pages that only it can build.
"""

from __future__ import annotations

import csv
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from importlib import import_module
from importlib.resources import files as packaged_files
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.cli import get_docs_for_click

import lesionvis
from lesionvis.analysis import Analyzer
from lesionvis.batch.reviews import REVIEW_COLUMNS
from lesionvis.batch.rows import CANDIDATE_COLUMNS, PHOTO_COLUMNS
from lesionvis.cli.main import app
from lesionvis.flags import FLAGS
from lesionvis.pattern.features import BARE_MODEL_FEATURES, FEATURES, MODEL_FEATURES
from lesionvis.pattern.lookalikes import LOOKALIKES
from lesionvis.pattern.pattern import BLOCKING_FLAGS, SHOWER_MARKS, SIGNS
from lesionvis.pattern.seen import RULES, SEEN, UNSEEN_FLAGS
from lesionvis.settings import setting_fields, setting_meanings
from lesionvis.spots import SpotFinder
from lesionvis.spots.table import COLUMNS
from lesionvis.triage.answers import questions
from lesionvis.triage.rules import NO_SOURCE

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

PROJECT = Path(__file__).resolve().parents[2]
# Texts of the top level that are pages of the site, and what they are called there.
_TOP_LEVEL = {"README": "index", "CONTRIBUTING": "contributing", "CHANGELOG": "changelog", "SECURITY": "security"}
_TYPES = {"TEXT": "str", "INTEGER": "int64", "REAL": "float64"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not kept among the docs (a hook of MkDocs)."""
    from mkdocs.structure.files import File

    for path, text in built_pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links to texts of the top level lead to their pages (a hook of MkDocs)."""
    del page, config, files
    for name, path in _TOP_LEVEL.items():
        markdown = markdown.replace(f"](../{name}.md", f"]({path}.md")
    return markdown


def filled(markdown: str) -> str:
    """A text with what stands between `<!-- figures: FILE -->` (or `card: NAME`) and `<!-- end -->` made anew."""

    def block(found: re.Match[str]) -> str:
        return f"<!-- {found[1]}: {found[2]} -->\n\n{_BLOCKS[found[1]](found[2])}\n\n<!-- end -->"

    return re.sub(r"<!-- (figures|card|model card): (\S+) -->\n.*?<!-- end -->", block, markdown, flags=re.S)


def kept_pages() -> dict[str, str]:
    """Every generated page that is kept among the docs: path -> Markdown."""
    made = {
        "reference/cli.md": _cli(),
        "reference/settings.md": _settings(),
        "reference/columns.md": _columns(),
        "reference/features.md": _features(),
        "reference/flags.md": _flags(),
        "reference/references.md": _references(),
        "reference/questions.md": _questions(),
        "reference/rules.md": _rules(),
        "reference/api.md": _api(),
    }
    return {path: re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n" for path, lines in made.items()}


def built_pages() -> dict[str, str]:
    """Every page that only a build of the site has: path -> Markdown."""
    texts = {"reference/modules.md": "\n".join(_modules()) + "\n"}
    texts |= {f"reference/modules/{name}.md": f"# {name}\n\n::: lesionvis.{name}\n" for name in _module_names()}
    for name, path in _TOP_LEVEL.items():
        texts[f"{path}.md"] = _moved((PROJECT / f"{name}.md").read_text(encoding="utf-8"))
    return texts


def read_card(model: str) -> dict[str, Any]:
    """Card of a model that comes with the package."""
    card: dict[str, Any] = json.loads((PROJECT / "models" / model / "card.json").read_text(encoding="utf-8"))
    return card


def _figures(name: str) -> str:
    """What a command printed: tables as they are, plain text as a block of its own."""
    text = (PROJECT / "docs" / "figures" / name).read_text(encoding="utf-8").strip("\n")
    return f"```text\n{text}\n```" if name.endswith(".txt") else text


def _model_card(name: str) -> str:
    """MODEL_CARD.md of a model without its title, its headings one level lower."""
    text = (PROJECT / "models" / name / "MODEL_CARD.md").read_text(encoding="utf-8")
    return re.sub(r"(?m)^##", "###", text.partition("\n")[2]).strip("\n")


_BLOCKS: dict[str, Callable[[str], str]] = {
    "figures": _figures,
    "card": lambda name: "\n".join(_card(read_card(name))).strip("\n"),
    "model card": _model_card,
}


def _card(card: dict[str, Any]) -> Iterator[str]:
    files = card["predictors"].values()
    yield from _table(
        ("file", "numbers that it sees", "SHA-256"),
        ((f"`{one['file']}`", len(one["columns"]), f"`{one['sha256'][:16]}...`") for one in files),
    )
    tables = [card[key] for key in ("training_table", "ring_table") if key in card]
    made_from = " and ".join(f"`{table['file']}` (SHA-256 `{table['sha256'][:16]}...`)" for table in tables)
    yield f"Made from {made_from}. Data: {card['data']}."
    yield ""
    if "photos" not in card and "scores" in card:
        yield from _table(
            ("figure", "on sources left out of training"), ((f"`{n}`", f"{v:.3f}") for n, v in card["scores"].items())
        )
    if "photos" in card:
        yield from _table(
            ("class", "clear photos", "borderline photos", "stays possible from a probability of"),
            (
                (f"`{name}`", count["clear"], count["borderline"], card["thresholds"]["set_min"][name])
                for name, count in card["photos"].items()
            ),
        )
        ends = card["intervals_95"]
        yield from _table(
            ("figure", "cross-validated", "95 % interval"),
            ((f"`{n}`", f"{v:.3f}", f"{ends[n][0]:.3f} to {ends[n][1]:.3f}") for n, v in card["scores"].items()),
        )


def _table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    columns = list(header)
    yield "| " + " | ".join(columns) + " |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield "| " + " | ".join(_cell(str(cell)) for cell in row) + " |"
    yield ""


def _cell(text: str) -> str:
    """Text that a cell of a table can hold: in code some readers show a bar that is escaped with its backslash."""
    coded = re.sub(r"`([^`]*\|[^`]*)`", lambda code: f"<code>{escape(code[1]).replace('|', '&#124;')}</code>", text)
    return coded.replace("|", "\\|").replace("\n", " ")


def _moved(text: str) -> str:
    """A text of the top level whose links work from inside the site."""
    text = re.sub(r"\]\(docs/", "](", text)
    for name, page in _TOP_LEVEL.items():
        text = text.replace(f"]({name}.md", f"]({page}.md")
    # What is not part of the site is named, not linked.
    return re.sub(r"(?<!!)\[([^\]]+)\]\((?:LICENSE|notebooks/|benchmarks/|CITATION)[^)]*\)", r"\1", text)


def _cli() -> Iterator[str]:
    command = typer.main.get_command(app)
    for one in command.commands.values():  # type: ignore[attr-defined]
        one.short_help = (one.help or "").split("\n\n")[0].replace("\n", " ")  # else cut short in the list
    yield get_docs_for_click(obj=command, ctx=typer.Context(command), name="lesionvis", title="Command line")
    yield "## Exit codes"
    yield ""
    yield (
        "0 when all went well, 1 when some photos failed, 2 for wrong use, 130 when stopped from the keyboard. "
        "Results go to standard output; errors, questions and progress to standard error."
    )


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield (
        "A settings file is TOML with one line per setting that is to differ from its default: "
        "`lesionvis analyze PHOTO --settings FILE`; `lesionvis settings` prints one to fill in. An unknown name, "
        "another type or a value outside its bounds is "
        "an error. The same names are the arguments of `Analyzer`, those of the second table of `SpotFinder`: "
        "`Analyzer(spot_finder=SpotFinder(min_score=0.7))`. Limits in mm do not apply to a photo without a scale; a "
        "flag of the photo then says so."
    )
    yield ""
    documented = setting_meanings()
    for of in (Analyzer, SpotFinder):
        rows = []
        for name, field in setting_fields(of).items():
            default = "not set" if field.default is None else f"`{json.dumps(field.default)}`"
            rows.append((f"`{name}`", default, documented[name]))
        yield from _table(("setting", "default", "meaning"), rows)


def _columns() -> Iterator[str]:
    yield "# Tables"
    yield ""
    yield (
        "`lesionvis batch FOLDER --out RUN` writes `photos.csv`, `spots.csv` and `skipped.csv`, which names the files "
        "and folders that were not read (`file`) and says why (`reason`). Empty cells mean that something "
        "cannot be known. Positions are in px of the upright source photo, the origin at the centre of the top-left "
        "pixel, x right and y down. Densities are log10 units of linear light."
    )
    yield ""
    yield "## spots.csv: one row per spot"
    yield ""
    yield from _table(
        ("column", "unit", "type", "meaning"),
        [("`photo`", "", "str", PHOTO_COLUMNS["photo"].meaning)]
        + [(f"`{column.name}`", column.unit, column.dtype, column.meaning) for column in COLUMNS],
    )
    yield "## photos.csv: one row per photo"
    yield ""
    yield from _table(
        ("column", "type", "meaning"),
        ((f"`{name}`", _TYPES[column.kind], column.meaning) for name, column in PHOTO_COLUMNS.items()),
    )
    yield "### What a photo shows: the column `seen`"
    yield ""
    yield "The first rule that holds counts: [how often it agrees with a reader](../evaluation.md#what-is-seen)."
    yield ""
    yield from _table(("name", "meaning", "rule"), ((f"`{name}`", SEEN[name], RULES[name]) for name in SEEN))
    yield "## candidates.csv: one row per thing that was not taken for a spot, on request"
    yield ""
    yield from _table(
        ("column", "type", "meaning"),
        ((f"`{name}`", _TYPES[column.kind], column.meaning) for name, column in CANDIDATE_COLUMNS.items()),
    )
    yield "## reviews.csv: one row per photo that a person reviewed"
    yield ""
    yield from _table(
        ("column", "type", "meaning"),
        ((f"`{name}`", _TYPES[column.kind], column.meaning) for name, column in REVIEW_COLUMNS.items()),
    )


def _summary(documented: object) -> str:
    return (inspect.getdoc(documented) or "").split("\n\n")[0].replace("\n", " ")


def _features() -> Iterator[str]:
    yield "# Features"
    yield ""
    yield (
        f"{len(FEATURES)} numbers describe a photo; one function each, whose name is the column and whose docstring, "
        f"printed here, is the definition. The pattern model sees the {len(MODEL_FEATURES)} marked with *, the model "
        f"of bare skin these and the bands, {len(BARE_MODEL_FEATURES)} in all; the others depend on the camera or on a "
        "scale, and are for people."
    )
    modules: dict[str, list[Callable[..., object]]] = {}
    for feature in FEATURES:
        modules.setdefault(feature.__module__, []).append(feature)
    for module, functions in modules.items():
        yield ""
        yield f"## {module.rpartition('.')[2].capitalize()}"
        yield ""
        for function in functions:
            star = " *" if function.__name__ in MODEL_FEATURES else ""
            yield f"### `{function.__name__}`{star}"
            yield ""
            yield _prose(inspect.getdoc(function) or "")
            yield ""
    yield "## Signs of the patterns"
    yield ""
    yield "A pattern whose photo lies outside this range is doubted: something else remains possible."
    yield ""
    yield from _table(
        ("pattern", "feature", "range", "otherwise"),
        (
            (f"`{name}`", f"`{sign.feature}`", f"{sign.low:g} to {sign.high:g}", sign.doubt)
            for name, signs in SIGNS.items()
            for sign in signs
        ),
    )
    yield ""
    yield (
        "Where neither a single lesion nor an angioma remains possible, the shower alone does when the spots have all "
        "marks of a textbook shower:"
    )
    yield ""
    yield from _table(
        ("feature", "range"),
        ((f"`{name}`", f"{low:g} to {high:g}") for name, (low, high) in SHOWER_MARKS.items()),
    )
    yield "## What is taken for a pattern"
    yield ""
    yield "Where all ranges of a row hold, the pattern is doubted as well."
    yield ""
    yield from _table(
        ("pattern", "features and ranges", "doubt"),
        (
            (
                f"`{one.pattern}`",
                "; ".join(f"`{n}` {low:g} to {high:g}" for n, (low, high) in one.ranges.items()),
                one.doubt,
            )
            for one in LOOKALIKES
        ),
    )


def _prose(doc: str) -> str:
    """A docstring with its sections as bold words."""
    return re.sub(r"(?m)^(\w[\w ]*)\n-+$", r"**\1**\n", doc)


def _flags() -> Iterator[str]:
    yield "# Flags"
    yield ""
    yield (
        "Reasons to distrust a photo or a measurement. They stand in the columns `photo_flags` and `spot_flags`, "
        "separated by spaces."
    )
    yield ""
    yield from _table(
        ("flag", "about", "meaning", "pattern"),
        ((f"`{flag.name}`", flag.about, flag.meaning, _forbidden(flag.name)) for flag in FLAGS.values()),
    )


def _forbidden(flag: str) -> str:
    """What a flag keeps the pattern from."""
    if flag in BLOCKING_FLAGS:
        return "forbids an answer"
    return 'forbids the answer "no_spots"' if flag in UNSEEN_FLAGS else ""


def _packaged_rows(name: str) -> list[dict[str, str]]:
    text = (packaged_files("lesionvis") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text)))


def _references() -> Iterator[str]:
    yield "# Scale references"
    yield ""
    yield (
        "A millimetre ruler and the card of `lesionvis card` are found by themselves. A coin is found when it is "
        "named, as nothing in a photo tells its size. Otherwise give `--px-per-mm` or `--mm-across`; the pixel "
        "spacing of a DICOM file gives the scale of its picture ([DICOM](../getting-started.md#dicom))."
    )
    yield ""
    yield "## Coins"
    yield ""
    yield from _table(
        ("name", "diameter, mm", "source"),
        ((f"`{row['coin']}`", row["diameter_mm"], row["source"]) for row in _packaged_rows("scale/coins.csv")),
    )


def _questions() -> Iterator[str]:
    yield "# Questions"
    yield ""
    yield (
        "What a person can say. Every answer is unknown until it is given, and what is unknown counts as if it "
        "could be harmful. `lesionvis analyze PHOTO --ask` asks what can still change the advice; "
        "`--answer NAME=VALUE` and `--answers FILE` give answers."
    )
    yield ""
    rows = (
        (f"`{question.name}`", question.text, f"`{question.benign}`", f"`{question.harmful}`", question.help)
        for question in questions().values()
    )
    yield from _table(("name", "question", "benign", "harmful", "how to find out"), rows)
    yield "## Age, cause and sites"
    yield ""
    yield (
        "`--age YEARS`, `--cause NAME` and `--site NAME` (once for each place), or `age_years`, `cause` and `sites` in "
        "the file, answer what surely follows from them and was not answered; what contradicts an answer is an error. "
        "The age tells `child`, `infant_u3m` and `under_30`, and that what is asked of babies is no; an answer to that "
        "stands. A cause that acts above the nipple line and a site that lies elsewhere give "
        "`distribution=elsewhere_or_widespread`; only with all sites above the nipple line they give "
        "`fits_explanation`. Sites in more than one area give `widespread=several_areas`; face, eyelids and neck are "
        "one. Name a cause only if you are not guessing."
    )
    yield ""
    yield from _table(
        ("name", "kind", "meaning", "follows", "place"),
        (
            (
                f"`{row['circumstance']}`",
                row["kind"],
                row["meaning"],
                f"`{row['follows']}`" if row["follows"] else "",
                row["place"].replace("_", " "),
            )
            for row in _packaged_rows("triage/circumstances.csv")
        ),
    )


def _rules() -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield (
        "The level of the advice is the highest of all rules that match. No rule asks for a benign answer, so that "
        "a benign answer can never raise a level. **No clinician has reviewed them.** Where a rule, or a part of it, "
        f"has no source, it says *{NO_SOURCE}*."
    )
    yield ""
    yield "## Groups"
    yield ""
    yield "A name in a condition that is no answer stands for a group of conditions, in brackets."
    yield ""
    groups = _packaged_rows("triage/groups.csv")
    yield from _table(
        ("name", "condition", "meaning"),
        ((f"`{row['group']}`", f"`{row['condition']}`", row["meaning"]) for row in groups),
    )
    rows = _packaged_rows("triage/triage_rules.csv")
    for level in dict.fromkeys(row["level"] for row in rows):
        yield ""
        yield f"## {level.replace('_', ' ').capitalize()}"
        for row in rows:
            if row["level"] == level:
                yield ""
                yield from _rule(row)


def _rule(row: dict[str, str]) -> Iterator[str]:
    yield f"### {row['rule_id']}"
    yield ""
    yield f"`{row['condition']}`"
    yield ""
    yield f"{row['reason_text']} **{row['action_text']}** {row['safety_net']}"
    yield ""
    yield f"*{row['source_title']}* {' '.join(_addresses(row['source_address']))}"


def _addresses(cell: str) -> Iterator[str]:
    addresses = [address.strip() for address in cell.split(";") if address.strip().startswith("http")]
    return (f"[[{number}]]({address})" for number, address in enumerate(addresses, start=1))


def _api() -> Iterator[str]:
    yield "# Public names"
    yield ""
    yield "`from lesionvis import ...`; nothing is loaded before it is used."
    for name in lesionvis._HOMES:
        documented = getattr(lesionvis, name)
        yield ""
        yield f"## `{name}`"
        yield ""
        yield _numpydoc(inspect.getdoc(documented) or "")
        for method, member in vars(documented).items() if inspect.isclass(documented) else ():
            if inspect.isfunction(member) and member.__doc__ and (method == "__call__" or not method.startswith("_")):
                yield ""
                yield f"### `{name}.{method}{_arguments(member)}`"
                yield ""
                yield _numpydoc(inspect.getdoc(member) or "")


def _arguments(function: Callable[..., object]) -> str:
    """Names of the arguments, as they are given."""
    names = [parameter.name for parameter in inspect.signature(function).parameters.values()]
    return f"({', '.join(name for name in names if name != 'self')})"


def _numpydoc(doc: str) -> str:
    """A docstring as Markdown: sections in bold, names with their types as a list, examples as code."""
    text, _, examples = doc.partition("\nExamples\n--------\n")
    head, *parts = re.split(r"(?m)^(\w[\w ]*)\n-+\n", text)
    text = head
    for title, content in zip(parts[::2], parts[1::2], strict=True):
        named = re.sub(r"(?m)^(\*{0,2}\w[\w, *]*) : (.*)$", r"- `\1` (\2)", content)
        is_of_types = title in ("Returns", "Yields", "Raises")
        text += f"**{title}**\n\n" + (re.sub(r"(?m)^(?!- )(\w.*)$", r"- \1", named) if is_of_types else named)
    return text + (f"\n**Examples**\n\n```python\n{examples}\n```" if examples else "")


def _module_names() -> list[str]:
    """Parts of the package that a user may call; the lab and the command line document themselves."""
    return [module.name for module in pkgutil.iter_modules(lesionvis.__path__) if not re.match("lab|cli", module.name)]


def _modules() -> Iterator[str]:
    yield "# All modules"
    yield ""
    rows = []
    for name in _module_names():
        summary = (import_module(f"lesionvis.{name}").__doc__ or "").splitlines()[0]
        rows.append((f"[`lesionvis.{name}`](modules/{name}.md)", summary))
    yield from _table(("module", "what it is"), rows)


def main() -> None:
    """Write the kept pages and fill the figures into the others."""
    docs = PROJECT / "docs"
    (docs / "reference").mkdir(exist_ok=True)
    for path, text in kept_pages().items():
        (docs / path).write_text(text, encoding="utf-8")
    for page in docs.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        if filled(text) != text:
            page.write_text(filled(text), encoding="utf-8")


if __name__ == "__main__":
    main()
