"""What a report begins with: each question of the study, and its answer in a sentence.

A sentence is made of stored numbers and of the plan's words: effect with interval, p and n; the direction that is
better; whether the effect reaches a size that matters; the means of the arms. Nothing is computed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from omtrace.analyses._shown import category_labels, plural
from omtrace.faults import Fault
from omtrace.model.contrast import EVERYBODY, Contrast, contrast_of
from omtrace.model.estimate import Estimate
from omtrace.model.headline import Headline, headline_of
from omtrace.model.plan import DatasetPlan, Plan
from omtrace.model.questions import Meaningful, Question
from omtrace.model.statistics import NOT_COMPUTED, Role, statistic_of
from omtrace.report.results import interval_name

Row = Mapping[str, Estimate]  # statistic -> number
Key = tuple[str, str, str, str]  # parameter, group, visit, level
Rows = Mapping[Key, Row]
Pieces = list[str | Estimate]
MEANS = ("adjusted_mean", "geometric_mean", "mean")
VERDICTS = {"verdict", "plate_verdict"}
AGAINST_MARGIN = ("noninferiority", "equivalence")
MOST = 6  # sentences of one question
SIDES = re.compile(r"(?:[^:]+: )?([^:,]+) − ([^:,]+)(?:, .*)?")  # of a contrast that a level names
FEW = 3  # hypotheses of a family of many, with their effects


@dataclass(frozen=True)
class Fact:
    """What stands below a sentence: a title, and text with numbers."""

    title: str
    pieces: Pieces


@dataclass(frozen=True)
class Sentence:
    """One sentence: what it is about, what it says, and what stands below it."""

    subject: str
    pieces: Pieces
    facts: list[Fact] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """A question with the sentences that answer it; ``more``: how many rows of the analysis say the same of others."""

    question: str
    analysis: str
    is_primary: bool
    sentences: list[Sentence]
    more: int = 0


@dataclass(frozen=True)
class _Asked:
    """A question with what a sentence needs: the plan, the data set of its analysis, and the numbers of all."""

    plan: Plan
    question: Question
    dataset: DatasetPlan
    by_name: Mapping[str, Rows]
    calls: Mapping[str, Mapping]

    def interval(self, analysis: str) -> str:
        """What the intervals of an analysis are called."""
        return interval_name(self.calls.get(analysis, {}).get("options", {}))

    @property
    def rows(self) -> Rows:
        return self.by_name[self.question.analysis]


def questions_of(plan: Plan) -> Sequence[Question]:
    """The questions of a plan; where it names none, those of its primary analyses, or else of its families."""
    if plan.questions:
        return plan.questions
    primary = [
        name for name, entry in plan.analyses.items() if entry.role == "primary" and name not in plan.families
    ] or list(plan.families)
    return [Question.model_validate({"asks": plan.analyses[name].title, "analysis": name}) for name in primary]


def asked_of(plan: Plan) -> list[str]:
    """The analyses that the questions of a plan are put to, in their order."""
    return list(dict.fromkeys(question.analysis for question in questions_of(plan)))


def answers_of(plan: Plan, by_name: Mapping[str, Rows], calls: Mapping[str, Mapping]) -> list[Answer]:
    """The answers, in the order of the questions.

    Parameters
    ----------
    plan
        The plan, its groups filled in.
    by_name
        Analysis -> its rows of results.
    calls
        Analysis -> its call, whose options say the level of intervals.

    Raises
    ------
    Fault
        Where no number fits the names of a question.
    """
    answers = []
    for place, question in enumerate(questions_of(plan)):
        entry = plan.analyses[question.analysis]
        if not any(names.keys() - {NOT_COMPUTED} for names in by_name.get(question.analysis, {}).values()):
            continue  # the summary says what is not computed, and why
        asked = _Asked(plan, question, plan.datasets[entry.dataset], by_name, calls)
        sentences = list(_family(asked) if question.analysis in plan.families else _sentences(asked))
        if not sentences and any(n.text == "" for row in asked.rows.values() for n in row.values()):
            continue  # held back
        if not sentences:
            raise Fault(f"questions.{place}: no number of {question.analysis} fits its names; see estimates.csv")
        is_primary = entry.role == "primary"
        shown, more = sentences[:MOST], len(sentences[MOST:])
        answers.append(Answer(question.asks, question.analysis, is_primary, shown, more))
    return answers


def harms_of(plan: Plan, by_name: Mapping[str, Rows]) -> list[Sentence]:
    """Harms by arm, where they were collected: the first two parameters of a safety analysis with counts."""
    for name, entry in sorted(plan.analyses.items(), key=lambda one: one[1].method != "safety"):
        rows = by_name.get(name, {})
        if entry.role != "safety" or not any({"count", "n"} <= row.keys() for row in rows.values()):
            continue
        dataset = plan.datasets[entry.dataset]
        found = []
        for parameter in entry.parameters[:2]:
            arms = [
                (dataset.groups.get(key[1], key[1]), row)
                for key, row in rows.items()
                if key[0] == parameter and key[1] in dataset.groups and {"count", "n"} <= row.keys()
            ]
            if arms:
                found.append(Sentence(dataset.parameters[parameter].label, _joined([_share(*arm) for arm in arms])))
        return found
    return []


def _share(label: str, row: Row) -> Pieces:
    share = next((row[name] for name in ("percent", "proportion") if name in row), None)
    pieces: Pieces = [f"{label} " if label else "", row["count"], " of ", row["n"]]
    return [*pieces, " (", share, ")"] if share else pieces


def _joined(parts: Sequence[Pieces], between: str = "; ") -> Pieces:
    pieces: Pieces = []
    for part in parts:
        pieces += [between, *part] if pieces else part
    return pieces


def _sentences(asked: _Asked) -> Iterator[Sentence]:
    """The sentences of the rows that a question names: effects where there are some, else what there is."""
    question = asked.question
    wanted = (question.parameter, question.contrast, question.visit, question.level)
    rows = {
        key: row
        for key, row in asked.rows.items()
        if all(not name or name == part for name, part in zip(wanted, key, strict=True)) and NOT_COMPUTED not in row
    }
    if verdicts := {
        key: row for key, row in rows.items() if "verdict" in row or ("plate_verdict" in row and not key[3])
    }:
        yield _verdicts(verdicts)
        return
    effects = [(key, row, headline) for key, row in rows.items() if (headline := _headline(row))]
    if effects:
        yield from (_effect(asked, *effect) for effect in effects)
        return
    for key, row in rows.items():
        if {"count", "n"} <= row.keys():
            yield _counted(asked, key, row)
        elif (alone := headline_of(row)) and row[alone.effect].text:  # of too few units for an interval
            yield Sentence(_subject(row), _estimated(asked, row, alone))
        elif "p" in row:
            yield _tested(key, row)
        elif main := next((name for name in MEANS if name in row), ""):
            yield Sentence(_subject(row), _estimated(asked, row, Headline(main, "ci_low", "ci_high", "")))


def _headline(row: Row) -> Headline | None:
    """The effect of a row with its interval; on the scale of logarithms the ratio that it is; None of a single unit."""
    headline = headline_of(row)
    if headline and not all(row[name].text for name in (headline.effect, headline.low, headline.high)):
        return None  # held back, or of a single unit
    if headline and row[headline.effect].unit.startswith("log ") and {"ratio_low", "ratio_high"} <= row.keys():
        return Headline("ratio", "ratio_low", "ratio_high", headline.p)
    return headline


def _subject(row: Row, *parts: str) -> str:
    labels = next(iter(row.values())).full
    return ", ".join(labels[part] for part in ("parameter", "visit", *parts) if labels[part])


def _contrast(asked: _Asked, key: Key) -> Contrast | None:
    """The contrast that a row is of, by its group or, of a crossover, by the treatments in its level."""
    if asked.question.groups:
        return Contrast(*asked.question.groups)
    pair = asked.calls.get(asked.question.analysis, {}).get("options", {}).get("contrast")
    if pair and key[3] == str(Contrast(*pair)):
        return Contrast(*pair)
    return contrast_of(key[1], asked.dataset.groups)


def _label(asked: _Asked, key: Key, contrast: Contrast, side: str) -> str:
    """The label of a group; of a treatment that the level names, which may be called as a group is, the level's."""
    group = "" if key[3] == str(contrast) else asked.dataset.groups.get(side)
    return group or category_labels(asked.dataset).get(side, side.replace("_", " "))


def _effect(asked: _Asked, key: Key, row: Row, headline: Headline) -> Sentence:
    """An effect: which way it goes, how large it is, and what that means."""
    value, low, high = (float(row[name].text) for name in (headline.effect, headline.low, headline.high))
    is_clear = not low <= headline.null <= high
    contrast = _contrast(asked, key)
    way = "higher" if value > headline.null else "lower"
    if statistic_of(headline.effect).is_hazard:
        way = "earlier" if value > headline.null else "later"
    if contrast:
        a, b = (
            f"“{label}”" if "," in label else label
            for label in (_label(asked, key, contrast, side) for side in (contrast.group, contrast.reference))
        )
        said = f"{way} with {a} than with {b}; " if is_clear else f"no clear difference between {a} and {b}; "
        is_said = asked.question.groups or key[3] == str(contrast)
        subject = _subject(row) if is_said else _subject(row, "level")
    elif headline.effect == "mean_change":
        baseline = asked.dataset.visits.get(asked.dataset.baseline, "baseline")
        said = f"{way} than at {baseline.lower()}; " if is_clear else f"no clear change since {baseline.lower()}; "
        subject = _subject(row, "group", "level")
    else:
        said, subject = _of_level(row[headline.effect].full["level"], way, is_clear), _subject(row, "group", "level")
    if verdict := _against_margin(row):
        verdict, said = [f"{a} against {b}: " if contrast else "", *verdict], ""
    pieces: Pieces = [*verdict, said, row[headline.effect].full["statistic"].lower() + " "]
    facts = [
        *_in_populations(asked, key, row),
        *_meaning(asked, key, headline, (value, low, high)),
        *_means(asked, key, row, contrast),
        *_fragile(asked, key),
    ]
    return Sentence(subject, [*pieces, *_estimated(asked, row, headline), *_counts(asked, key, row, contrast)], facts)


def _of_level(level: str, way: str, is_clear: bool) -> str:
    """Which way an effect goes whose sides its level names, such as "sex: Female − Male"; "" where it names none."""
    sides = SIDES.fullmatch(level)
    if not sides:
        return ""
    return (
        f"{way} with {sides[1]} than with {sides[2]}; "
        if is_clear
        else f"no clear difference between {sides[1]} and {sides[2]}; "
    )


def _against_margin(row: Row) -> Pieces:
    """The verdict on non-inferiority or equivalence, with the margin that it is of."""
    verdict = next((row[name] for name in AGAINST_MARGIN if name in row), None)
    if verdict is None:
        return []
    limits = _joined([[row[name]] for name in ("margin_low", "margin_high") if name in row], " to ")
    unit = next((row[name].unit for name in ("margin_low", "margin_high") if name in row), "")
    return [verdict, " (margin ", *limits, f" {unit}" if unit not in ("", "%") else "", "); "]


def _in_populations(asked: _Asked, key: Key, row: Row) -> list[Fact]:
    """The verdicts of the same margin in other populations, side by side with this one."""
    entry = asked.plan.analyses[asked.question.analysis]
    found = [(entry.population, row)] if _against_margin(row) else []
    for name, other in asked.plan.analyses.items():
        if other.of == asked.question.analysis and other.margin and found:
            beside = asked.by_name.get(name, {}).get(key, {})
            found += [(other.population, beside)] if _against_margin(beside) else []
    labels = {name: population.label for name, population in asked.dataset.populations.items()}
    return [
        Fact(labels[name], [*_against_margin(one), *_estimated(asked, one, headline)])
        for name, one in found[: len(found) * (len(found) > 1)]
        if (headline := _headline(one))
    ]


def _estimated(asked: _Asked, row: Row, headline: Headline) -> Pieces:
    """An estimate with its unit, interval and p value."""
    unit = row[headline.effect].unit
    pieces: Pieces = [row[headline.effect], f" {unit}" if unit not in ("", "%") else ""]
    inside: Pieces = []
    if {headline.low, headline.high} <= row.keys() and row[headline.low].text and row[headline.high].text:
        inside += [f"{asked.interval(row[headline.low]['analysis'])} ", row[headline.low], " to ", row[headline.high]]
    if headline.p and row[headline.p].text:
        inside += ["; " if inside else "", *_p(row[headline.p])]
        if adjusted := _adjusted(asked, row[headline.p]):
            inside += [", adjusted ", *_p(adjusted)]
    return [*pieces, " (", *inside, ")"] if inside else pieces


def _p(number: Estimate) -> Pieces:
    return ["p " if number.shown.startswith("<") else "p = ", number]


def _adjusted(asked: _Asked, p: Estimate) -> Estimate | None:
    """The p value adjusted in the family that a p value belongs to."""
    for family, declared in asked.plan.families.items():
        for hypothesis, member in declared.hypotheses.items():
            parts = {"parameter": member.parameter, "visit": member.visit, "group": member.contrast}
            parts |= {"level": member.level, "analysis": member.analysis, "statistic": member.statistic}
            if all(not name or p[part] == name for part, name in parts.items()):
                at = (p.parameter, p.group, p.visit, hypothesis)
                return asked.by_name.get(family, {}).get(at, {}).get("adjusted_p")
    return None


def _counts(asked: _Asked, key: Key, row: Row, contrast: Contrast | None) -> Pieces:
    """The units analysed: the row's own, or those of both sides of its contrast."""
    own = [row["n"]] if "n" in row else [row[name] for name in ("n_a", "n_b") if name in row]
    if not own and contrast:
        sides = [asked.rows.get((key[0], side, key[2], ""), {}) for side in (contrast.group, contrast.reference)]
        own = [side["n"] for side in sides if "n" in side]
    if not own:
        own = [other["n"] for at, other in asked.rows.items() if at == (key[0], EVERYBODY, key[2], "") and "n" in other]
    return [", n = ", *_joined([[number] for number in own], " + "), f" {plural(asked.dataset.unit)}"] if own else []


def _meaning(asked: _Asked, key: Key, headline: Headline, effect: tuple[float, float, float]) -> list[Fact]:
    """The direction that is better, and how the effect compares with a size that matters."""
    parameter = asked.dataset.parameters.get(key[0])
    if parameter is None or not parameter.better:
        return []
    value, low, high = effect
    facts = []
    is_clear = not low <= headline.null <= high
    is_good = (value < headline.null) == (parameter.better == "lower")
    contrast = _contrast(asked, key)
    said = f"{parameter.better} is better"
    if statistic_of(headline.effect).is_hazard:
        said, is_good = f"{'later' if parameter.better == 'higher' else 'earlier'} is better", not is_good
    if contrast and is_clear:
        said += f", so this favours {_label(asked, key, contrast, contrast.group if is_good else contrast.reference)}"
    elif is_clear:
        said += f", so this is {'an improvement' if is_good else 'a worsening'}"
    facts.append(Fact("Direction", [said + "."]))
    sign = 1.0 if parameter.better == "higher" else -1.0
    for meaningful in parameter.meaningful:
        if (meaningful.of, headline.effect) == ("difference", "difference"):
            facts.append(Fact("What matters", [_held(meaningful, sign, effect, parameter.unit)]))
        elif (meaningful.of, headline.effect) == ("change", "mean_change"):
            size = f"{meaningful.size:g}{f' {parameter.unit}' if parameter.unit else ''}"
            one = f"{size} within one {asked.dataset.unit} ({meaningful.source})"
            facts.append(Fact("What matters", [f"{one}: a size for counting responders, not for a mean."]))
    return facts


def _held(meaningful: Meaningful, sign: float, effect: tuple[float, float, float], unit: str) -> str:
    """An effect with its interval against a size that matters, in the direction that is better."""
    value, *limits = (sign * number for number in effect)
    size = meaningful.size
    where = "reaches it" if value >= size else "does not reach it"
    if min(limits) >= size:
        tail = f"the estimate {where}, and so does the whole interval"
    elif max(limits) < size:
        tail = f"the estimate {where}, nor does any of the interval"
    else:
        tail = f"the estimate {where}, and the interval holds smaller and larger effects"
    return f"{size:g}{f' {unit}' if unit else ''} between groups ({meaningful.source}): {tail}."


def _means(asked: _Asked, key: Key, row: Row, contrast: Contrast | None) -> list[Fact]:
    """The means of the arms, or before and after."""
    unit = asked.dataset.parameters[key[0]].unit if key[0] in asked.dataset.parameters else ""
    tail = f" {unit}" if unit not in ("", "%") else ""
    if {"mean_before", "mean_after"} <= row.keys():
        return [Fact("Means", [row["mean_before"], f"{tail} before, ", row["mean_after"], f"{tail} after"])]
    if contrast is None:
        return []
    labels = [_label(asked, key, contrast, side) for side in (contrast.group, contrast.reference)]
    if {"mean_a", "mean_b"} <= row.keys():
        arms: list[Pieces] = [
            [f"{label} ", row[name]] for label, name in zip(labels, ("mean_a", "mean_b"), strict=True)
        ]
        return [Fact("Means", [*_joined(arms), tail])]
    for rows in _beside(asked) if key[3] != str(contrast) else ():  # no group is a treatment of a crossover
        sides = [rows.get((key[0], side, key[2], ""), {}) for side in (contrast.group, contrast.reference)]
        for name in MEANS:
            if all(name in side for side in sides):
                arms = [[f"{label} ", side[name]] for label, side in zip(labels, sides, strict=True)]
                title = statistic_of(name).label.replace("ean", "eans")
                return [Fact(title, [*_joined(arms), tail])]
    return []


def _fragile(asked: _Asked, key: Key) -> list[Fact]:
    """How much hangs on single units: the range without each in turn, and how many turn the conclusion together."""
    for name, entry in asked.plan.analyses.items():
        is_its = (entry.method, entry.of) == ("influence", asked.question.analysis)
        row = asked.by_name.get(name, {}).get(key, {}) if is_its else {}
        ends = [row[end] for end in ("estimate_lowest", "estimate_highest") if end in row and row[end].text]
        if len(ends) < 2:
            continue
        of = asked.dataset.experimental_unit
        unit = of.what if of and of.parameter else asked.dataset.unit
        pieces: Pieces = [f"{row['estimate'].full['statistic'].lower()} ", ends[0], " to ", ends[1]]
        pieces += [f" without any one {unit}; the conclusion "]
        if (turn := row.get("units_to_turn")) and turn.text:
            few = turn.text == "1"
            return [Fact("Fragility", [*pieces, "turns without ", turn, f" {unit if few else plural(unit)}."])]
        return [Fact("Fragility", [*pieces, f"stays without up to half of the {plural(unit)} that move it most."])]
    return []


def _beside(asked: _Asked) -> Iterator[Rows]:
    """Where means of the arms may stand: the analysis itself, then descriptions of the same data set and population."""
    yield asked.rows
    entry = asked.plan.analyses[asked.question.analysis]
    for name, other in asked.plan.analyses.items():
        if other.method == "describe" and (other.dataset, other.population) == (entry.dataset, entry.population):
            yield asked.by_name.get(name, {})


def _verdicts(rows: Rows) -> Sentence:
    """What was decided on criteria or plates, with its estimate or its range, by decision, the worst first."""
    decided = [(key, row, next(row[name] for name in VERDICTS if name in row)) for key, row in rows.items()]
    of: dict[str, list[Pieces]] = {}
    for key, row, verdict in sorted(decided, key=lambda one: float(one[2].text or 0)):
        label = key[3] or verdict.full["group"]
        inside: Pieces = []
        if share := next((row[name] for name in ("proportion", "rate") if name in row), None):
            inside = [share, " a month" if "rate" in row else ""]
        elif {"lloq", "uloq"} <= row.keys():
            inside = [row["lloq"], " to ", row["uloq"], f" {row['uloq'].unit}"]
        word: Pieces = [] if verdict.shown in of else [verdict, ": "]
        of.setdefault(verdict.shown, []).append([*word, label, *([" (", *inside, ")"] if inside else [])])
    return Sentence("Decision", _joined([_joined(parts, ", ") for parts in of.values()]))


def _counted(asked: _Asked, key: Key, row: Row) -> Sentence:
    """A count of so many; with the largest difference, where that stands beside it."""
    labels = row["count"].full
    pieces = _share("", row)
    low = next((name for name in row if statistic_of(name).role is Role.LOW), "")
    if low and (high := low.removesuffix("low") + "high") in row:
        pieces += [f", {asked.interval(row[low]['analysis'])} ", row[low], " to ", row[high]]
    if largest := asked.rows.get((*key[:3], ""), {}).get("largest_difference"):
        pieces += ["; largest difference ", largest, f" {largest.unit}"]
    return Sentence(_subject(row, "group"), [f"{labels['level']}: " if labels["level"] else "", *pieces])


def _tested(key: Key, row: Row) -> Sentence:
    """A test without an estimate."""
    pieces: Pieces = [f"{next(iter(row.values())).full['level']}: " if key[3] else ""]
    if {"f", "df_1", "df_2"} <= row.keys():
        pieces += ["F(", row["df_1"], ", ", row["df_2"], ") = ", row["f"], ", "]
    return Sentence(_subject(row), [*pieces, *_p(row["p"])])


def _family(asked: _Asked) -> Iterator[Sentence]:
    """Of a family: how many are rejected, and the effects of those, or of the few with the smallest p."""
    family = asked.plan.families[asked.question.analysis]
    rows = {key[3]: (key, row) for key, row in asked.rows.items() if "rejected" in row}
    rejected = [name for name, (_, row) in rows.items() if float(row["rejected"].text or 0)]
    by_p = sorted(rows, key=lambda name: float(rows[name][1]["p"].text or 1))
    shown = [name for name in by_p if name in rejected][:MOST] or by_p[:FEW]
    count = f"{len(rejected) or 'none'} of {len(rows)} hypotheses rejected at α = {family.alpha:g}"
    label = "largest effects by p" if len(rejected) > len(shown) or not rejected else "these"
    facts = []
    for name in shown:
        member = family.hypotheses[name]
        row = asked.by_name.get(member.analysis, {}).get((*rows[name][0][:3], member.level), {})
        headline = _headline(row)
        p = _p(rows[name][1]["adjusted_p"])
        said = _estimated(asked, row, Headline(headline.effect, headline.low, headline.high, "")) if headline else []
        facts.append(Fact(_subject(rows[name][1]), [*said, ", " if said else "", "adjusted ", *p]))
    yield Sentence(family.title, [f"{count}; {label}:"], facts)
