"""Write the cases that hold every rule, and every term of a rule, in its place: `python tests/rule_witnesses.py`.

To be run, and its difference read line by line, when a rule was changed on purpose.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from triage_twice import GROUPS, LEVEL_OF, LEVELS, NEVER, PATTERNS, RULES, VALUES, Evaluation, codes_of, fired, mutants

from lesionvis.triage.rules import rules

TABLE = Path(__file__).parent / "data" / "rule_witnesses.csv"
Case = tuple[str, dict[str, str]]


def smallest_cases(rule_id: str) -> Iterator[Case]:
    """Sets of answers, all others benign, that just make a rule match for some pattern, with every pattern."""
    (rule,) = [rule for rule in rules() if rule.rule_id == rule_id]
    for case in rule.condition.cases():
        answers = {name: value for name, value in case.items() if name != "pattern"}
        yield from ((pattern, answers) for pattern in PATTERNS)


def changed(cases: list[Case], rule_ids: list[str], rule: dict[str, str], groups: dict[str, str]) -> list[int]:
    """Places of the cases in which one of some rules no longer is told, those at the top of a level first."""
    codes = codes_of(cases)
    before = fired(Evaluation(codes).matches())
    after = fired(Evaluation(codes, groups).matches({**RULES, **rule}))
    differ = [place for place in range(len(cases)) if before[place] != after[place]]

    def cost(place: int) -> tuple[bool, int]:
        highest = max(LEVEL_OF[rule_id] for rule_id in before[place])
        is_top = any(LEVEL_OF[rule_id] == highest for rule_id in rule_ids if rule_id in before[place])
        return not is_top, len(cases[place][1])

    return sorted(differ, key=cost)


def witnesses() -> Iterator[Case]:
    """One case per rule, and per term or "unknown" that a rule or a group could lose; some stand for several."""
    by_rule = {rule_id: list(smallest_cases(rule_id)) for rule_id in RULES}
    for rule_id, condition in RULES.items():
        for _, mutant in [("", NEVER), *mutants(condition)]:
            places = changed(by_rule[rule_id], [rule_id], {rule_id: mutant}, GROUPS)
            yield from [by_rule[rule_id][place] for place in places[:1]]
    everything = [case for cases in by_rule.values() for case in cases]
    for name, condition in GROUPS.items():
        for _, mutant in mutants(condition):
            places = changed(everything, list(RULES), {}, {**GROUPS, name: mutant})
            yield from [everything[place] for place in places[:1]]


def main() -> None:
    """Write the table."""
    cases = list(
        {(pattern, tuple(sorted(answers.items()))): (pattern, answers) for pattern, answers in witnesses()}.values()
    )
    told = fired(Evaluation(codes_of(cases)).matches())
    order = list(VALUES)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("pattern", "answers", "level", "reasons", "also_noted"))
        for (pattern, answers), rule_ids in zip(cases, told, strict=True):
            level = max(LEVEL_OF[rule_id] for rule_id in rule_ids)
            text = "; ".join(f"{name}={answers[name]}" for name in sorted(answers, key=order.index))
            top = " ".join(rule_id for rule_id in RULES if rule_id in rule_ids and LEVEL_OF[rule_id] == level)
            rest = " ".join(rule_id for rule_id in RULES if rule_id in rule_ids and LEVEL_OF[rule_id] < level)
            table.writerow((pattern, text, LEVELS[level], top, rest))


if __name__ == "__main__":
    main()
