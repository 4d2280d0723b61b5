"""Whether each plate is accepted: standards, controls, replicates, detection limit, place on the plate, dilutions."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses.selection import Data
from omtrace.analyses.standard_curve import overridden_plates
from omtrace.derivations._plates import Acceptance, Curve
from omtrace.faults import Fault
from omtrace.model.statistic import Scale
from omtrace.provenance.rows import Entries, Rows

if TYPE_CHECKING:
    import pandas

    from omtrace.statistics.assay.acceptance import Limits as AcceptanceLimits

REJECTED, FLAGGED, ACCEPTED = 0, 1, 2
COUNT = Scale("", 0)


class Options(Curve):
    """Where contents stand, how the curve is fitted, and the limits."""

    role: str = Field("role", description="parameter of the wells with what they hold")
    sample: str = Field("sample", description="parameter of the wells with the name of sample or control")
    concentration: str = Field("concentration", description="parameter of the wells with the nominal concentration")
    dilution: str = Field("", description="parameter of the wells with the dilution; none: not diluted")
    acceptance: Acceptance = Field(default_factory=Acceptance, description="limits that a plate must hold")
    alpha: float = Field(0.01, description="false-alarm rate of each test of place on the plate", gt=0, lt=0.5)
    wells: Literal[6, 12, 24, 48, 96, 384, 1536] | None = Field(
        None, description="wells of a plate, for its edge; none: the smallest plate that has all wells of the data"
    )
    dilution_linearity: float = Field(20, description="deviation of a dilution after correction, percent", gt=0)
    parallelism: float = Field(30, description="coefficient of variation between dilutions, percent", gt=0)
    recovery: tuple[float, float] = Field((80, 120), description="recovery of a spike that holds, percent")


def run(call: Call) -> Iterator[Number]:
    """A plate at a time: verdict with reasons and flags, and the numbers that they rest on."""
    options = call.options
    overridden_plates(call)
    names = {"role": options.role, "sample": options.sample, "concentration": options.concentration}
    names |= {"dilution": options.dilution} if options.dilution else {}
    names |= {"nominal": options.nominal} if options.nominal else {}
    for target in call.targets():
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=[options.role], group=True
        )
        standards = call.data.select(
            call.entry.population,
            target.parameter,
            target.visit,
            covariates=[options.role, options.concentration],
            group=True,
        )
        for plate in call.dataset.groups:
            wells = analysis_set.of_group(plate).rename(columns={options.role: "role", "value": "signal"})
            for name, column in names.items():
                plain = call.data.plain(column)
                wells = wells.assign(**{name: [plain[unit][2] for unit in wells.index]})
            wells = wells.assign(dilution=1.0) if "dilution" not in names else wells
            if "nominal" not in names:
                wells = wells.assign(nominal=[options.controls.get(name, float("nan")) for name in wells["sample"]])
            found = _Found(target, plate, _with_contents(call.data, analysis_set.rows([plate]), names))
            others = wells.index[~wells["role"].isin(["standard", "blank"])]
            numbers = list(_judge(found, wells, standards.rows([plate], dict.fromkeys(others, "no standard"))))
            yield from [*found.verdict(), *numbers]


def _with_contents(data: Data, rows: Rows, names: Mapping[str, str]) -> Rows:
    """The row set of wells, with what says what the used ones hold; a well that holds no sample has no name of one."""
    beside = [data.plain(column) for name, column in names.items() if name != "role"]
    used = dict.fromkeys(data.unit_of[record] for record, _, reason in rows.entries if not reason)
    more = [plain[unit] for plain in beside for unit in used]
    entries = (*rows.entries, *((record, "covariate", "") for record, status, _ in more if status == "observed"))
    return replace(rows, entries=Entries.of(entries))


class _Found:
    """Makes the numbers of one plate, and remembers why it is rejected or flagged."""

    def __init__(self, target: Target, plate: str, rows: Rows) -> None:
        self.call, self.target, self.plate, self.rows = target.call, target, plate, rows
        self.unit = self.call.dataset.parameters[self.call.options.concentration].unit
        self.rejected: list[str] = []
        self.flags: dict[str, Rows | None] = {}  # why -> the wells that it is about; none: all of the plate

    def number(
        self, level: str, statistic: str, value: float, scale: Scale = COUNT, rows: Rows | None = None
    ) -> Number:
        """One number."""
        name = (self.target.parameter, self.plate, self.target.visit, level, statistic)
        return Number(*name, float(value), scale.unit, scale.decimals, rows or self.rows)

    def reject(self, why: str) -> None:
        """Reject the plate, or flag it with the plan's reason where the plan stands up for it."""
        if reason := self.call.options.override.get(self.plate):
            self.flags[f"accepted by the plan: {reason} (otherwise: {why})"] = None
        else:
            self.rejected.append(why)

    def verdict(self) -> Iterator[Number]:
        """The verdict, and its reasons and flags as levels."""
        code = REJECTED if self.rejected else FLAGGED if self.flags else ACCEPTED
        yield self.number("", "plate_verdict", code)
        yield from (self.number(f"rejected: {why}", "plate_verdict", code) for why in self.rejected)
        yield from (self.number(f"flag: {why}", "plate_verdict", code, rows=rows) for why, rows in self.flags.items())

    def name_of(self, wells: "pandas.DataFrame", name: str) -> str:
        """What a sample is called beside a number.

        A control has its name; a sample is numbered within its plate, since its name is one of an animal or a person.
        """
        controls = {*self.call.options.controls, *wells.loc[wells["role"].eq("control"), "sample"]}  # known or not
        others = sorted(set(wells.loc[wells["role"].isin(["sample", "spiked"]), "sample"]) - controls)
        return name if name in controls else f"sample {others.index(name) + 1}"

    def rows_of(self, wells: "pandas.DataFrame", name: str) -> Rows:
        """The row set of a sample's wells and of the standards."""
        own = wells["role"].isin(["standard", "blank"]) | wells["sample"].eq(name)
        unit_of, kept = self.call.data.unit_of, set(wells.index[own])
        entries = [
            (r, role, why or ("" if unit_of[r] in kept else "another sample")) for r, role, why in self.rows.entries
        ]
        return replace(self.rows, entries=Entries.of(entries), used=len(kept), excluded=self.rows.expected - len(kept))


def _judge(found: _Found, wells: "pandas.DataFrame", standard_rows: Rows) -> Iterator[Number]:
    from omtrace.statistics.assay.acceptance import detection_limit, judge_standards

    options, limits = found.call.options, found.call.options.acceptance.limits()
    is_standard = wells["role"].isin(["standard", "blank"]) & wells["concentration"].notna()
    x, y = (wells.loc[is_standard, name].astype("float64").to_numpy() for name in ("concentration", "signal"))
    if not len(x):
        found.rejected.append("no standards")
        return
    judged = judge_standards(x, y, limits, options.spec(found.plate))
    for level, recovery in judged.recovery.items():
        if recovery == recovery:
            yield found.number(f"standard {level:g}", "recovery", recovery, Scale("%", 1), standard_rows)
        yield found.number(f"standard {level:g}", "within_limit", level in judged.kept, rows=standard_rows)
    if judged.refusal:
        shift = _shift(wells)
        said = f"layout shifted: the readings lie {shift} than the layout says ({judged.refusal})"
        found.rejected.append(said if shift else judged.refusal)
        return
    if judged.overridden:
        found.reject(judged.overridden)
    if len(judged.kept) < len(judged.levels):
        lost = ", ".join(f"{level:g}" for level in judged.levels if level not in judged.kept)
        found.flags[f"standards left out: {lost}"] = standard_rows
    yield found.number("", "lloq", judged.lloq, Scale(found.unit, 3), standard_rows)
    yield found.number("", "uloq", judged.uloq, Scale(found.unit, 3), standard_rows)
    blanks = wells["role"].eq("blank") | wells["concentration"].eq(0)
    lod = detection_limit(judged.fit, wells.loc[blanks, "signal"].astype("float64").to_numpy())
    if lod == lod:
        yield found.number("", "lod", lod, Scale(found.unit, 3))
    dilution = wells["dilution"].astype("float64").fillna(1).to_numpy()
    read = judged.fit.inverse(wells["signal"].astype("float64").to_numpy())[0]
    wells = wells.assign(undiluted=read, read=read * dilution, dilution=dilution)
    yield from _controls(found, wells, limits)
    yield from _replicates(found, wells, judged.lloq, judged.uloq, limits)
    yield from _places(found, wells)
    yield from _dilutions(found, wells, judged.uloq)


def _controls(found: _Found, wells: "pandas.DataFrame", limits: "AcceptanceLimits") -> Iterator[Number]:
    from omtrace.statistics.assay.acceptance import judge_controls

    mine = wells[wells["role"].eq("control") & wells["sample"].notna() & wells["nominal"].notna()]
    names = mine["sample"].tolist()
    recovery = 100 * mine["read"].to_numpy() / mine["nominal"].astype("float64").to_numpy()
    controls = judge_controls(names, recovery, limits)
    for name, (held, count) in controls.within.items():
        part = recovery[[n == name for n in names]]
        yield found.number(f"control {name}", "n", count)
        yield found.number(f"control {name}", "within_limit", held)
        if (part == part).any():
            yield found.number(f"control {name}", "recovery", part[part == part].mean(), Scale("%", 1))
    if controls.refusal:
        found.reject(controls.refusal)


def _replicates(
    found: _Found, wells: "pandas.DataFrame", lloq: float, uloq: float, limits: "AcceptanceLimits"
) -> Iterator[Number]:
    """Samples and controls whose wells scatter more than allowed, and the largest coefficient of variation."""
    from omtrace.statistics.assay.acceptance import replicate_cv

    cvs: dict[str, tuple[float, float]] = {}
    mine = wells[wells["role"].isin(["sample", "control"]) & wells["undiluted"].notna()]
    for (name, _), part in mine.groupby(["sample", "dilution"], sort=True):
        values = part["undiluted"].to_numpy()
        ends = values.mean() <= 1.25 * lloq or values.mean() >= 0.8 * uloq
        if (cv := replicate_cv(values)) == cv:
            cvs[str(name)] = max(
                cvs.get(str(name), (0.0, 0.0)), (cv, limits.replicate_cv_end if ends else limits.replicate_cv)
            )
    if not cvs:
        return
    over = sorted(name for name, (cv, most) in cvs.items() if cv > most)
    yield found.number("replicates", "n", len(cvs))
    yield found.number("replicates", "over_limit", len(over))
    yield found.number("replicates", "largest_cv", max(cv for cv, _ in cvs.values()), Scale("%", 1))
    if over:
        found.flags[f"replicates over the limit: {len(over)} of {len(cvs)} samples and controls"] = None


def _places(found: _Found, wells: "pandas.DataFrame") -> Iterator[Number]:
    """Edge effect and drift, where the units are wells of a plate."""
    from omtrace.statistics.assay.plate_position import SIZES, at_edge, places, position_test, size_of

    try:
        row, column = places(list(wells.index))
        smallest = size_of(*places(found.call.data.units))
    except ValueError:
        return  # runs without a plate's geometry
    size = found.call.options.wells or smallest
    if size < smallest:
        raise Fault(f"options.wells: {size}; the data have wells of a plate of {smallest}")
    content = _contents(wells)
    signal = wells["signal"].astype("float64").to_numpy()
    rows, columns = SIZES[size]
    along = (("edge", at_edge(row, column, size)), ("columns", column / (columns - 1.0)), ("rows", row / (rows - 1.0)))
    for name, place in along:
        test = position_test(signal, content, place)
        if not test["n"]:
            continue
        yield found.number(name, "n", test["n"])
        yield found.number(name, "position_effect", test["effect"], Scale("%", 1))
        yield found.number(name, "p", test["p"], Scale("", 3))
        if test["p"] < found.call.options.alpha:
            effects = {
                "edge": "edge effect" if size >= 96 else f"edge effect of a plate of {size} wells",
                "columns": "drift along the columns",
                "rows": "drift along the rows",
            }
            found.flags[effects[name]] = None


def _contents(wells: "pandas.DataFrame") -> list[str]:
    """What each well holds, in words: a level of the standard, a sample at a dilution."""
    standard = wells["role"].isin(["standard", "blank"])
    content = [
        f"{role} {level if is_standard else name}"
        for role, level, name, is_standard in zip(
            wells["role"], wells["concentration"], wells["sample"], standard, strict=True
        )
    ]
    return [f"{one} {dilution:g}" for one, dilution in zip(content, wells["dilution"], strict=True)]


def _shift(wells: "pandas.DataFrame") -> str:
    """How far the readings lie beside the wells of their layout, in words; "" where they do not."""
    from omtrace.statistics.assay.plate_position import places, shift_of

    try:
        row, column = places(list(wells.index))
    except ValueError:
        return ""  # runs without a plate's geometry
    level = wells["concentration"].where(wells["role"].isin(["standard", "blank"])).astype("float64").to_numpy()
    contents = _contents(wells.assign(dilution=wells["dilution"].astype("float64").fillna(1)))
    signal = wells["signal"].astype("float64").tolist()
    return shift_of(row, column, contents, level, dict(zip(zip(row, column, strict=True), signal, strict=True)))


def _dilutions(found: _Found, wells: "pandas.DataFrame", uloq: float) -> Iterator[Number]:
    """Samples at three dilutions and more, hooks, and spiked samples."""
    from omtrace.statistics.assay.acceptance import dilution_series, hook_effect, spike_recovery

    options = found.call.options
    for name, part in wells[wells["role"].isin(["sample", "control"])].groupby("sample", sort=True):
        steps, undiluted = part["dilution"].to_numpy(), part["undiluted"].to_numpy()
        called, rows = found.name_of(wells, name), found.rows_of(wells, name)
        if hook_effect(steps, undiluted * steps, uloq, options.dilution_linearity):
            found.flags[f"hook effect: {called}"] = rows
        nominal = float(part["nominal"].astype("float64").mean())
        series = dilution_series(steps, undiluted, nominal, options.dilution_linearity, options.parallelism)
        if series is None:
            continue
        level = f"dilutions of {called}"
        yield found.number(level, "n", len(series.dilutions), rows=rows)
        yield found.number(level, "largest_deviation", series.largest, Scale("%", 1), rows)
        yield found.number(level, "cv", series.cv, Scale("%", 1), rows)
        yield found.number(level, "parallel_slope", series.slope, Scale("", 3), rows)
        found.flags |= {f"not {what}: {called}": rows for what, holds in series.holds.items() if not holds}
    for name, part in wells[wells["role"].eq("spiked")].groupby("sample", sort=True):
        plain = wells[wells["role"].isin(["sample", "control"]) & wells["sample"].eq(name)]["read"].to_numpy()
        recovery = spike_recovery(part["read"].to_numpy(), plain, float(part["concentration"].iloc[0]))
        called, rows = found.name_of(wells, name), found.rows_of(wells, name)
        if recovery == recovery:
            yield found.number(f"spike of {called}", "recovery", recovery, Scale("%", 1), rows)
            if not options.recovery[0] <= recovery <= options.recovery[1]:
                found.flags[f"spike recovery: {called}"] = rows


def said(options: Options) -> str:
    """The curve, what a plate is judged by, and with which limits."""
    limits = options.acceptance.limits()
    controls = (
        f" Controls count as held within {limits.control:g}% of their concentration."
        if options.controls or options.nominal
        else ""
    )
    dilutions = (
        f" Dilutions of a sample may deviate by {options.dilution_linearity:g}%, with a CV of {options.parallelism:g}%."
        if options.dilution
        else ""
    )
    return (
        f"Each plate is judged by its standards, read back through its curve ({options.model}) within "
        f"{limits.standard:g}% ({limits.standard_end:g}% at the ends), the worst left out and refitted; by replicates "
        f"(CV of at most {limits.replicate_cv:g}%, {limits.replicate_cv_end:g}% near the ends); and by place on the "
        f"plate (permutation tests within contents at {options.alpha:g}).{controls}{dilutions} Default limits are "
        "borrowed from ICH M10's criteria for ligand-binding assays, which do not cover biomarkers. LLOQ and ULOQ: "
        "lowest and highest standard that hold; LOD: blank mean and three SDs, read back."
    )


METHOD = Method(
    Options,
    run,
    said,
    units="any",
    gives="cv largest_cv largest_deviation lloq lod parallel_slope position_effect recovery uloq p n over_limit "
    "replicates within_limit plate_verdict",
)
