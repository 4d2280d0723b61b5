"""What an analysis says of its plan entry before there are data: its method runs until it asks for a record."""

from typing import TYPE_CHECKING, Any, NoReturn, cast

from omtrace.analyses import Call, Method
from omtrace.analyses._refusals import parts_of
from omtrace.faults import Fault

if TYPE_CHECKING:
    from omtrace.analyses.selection import Data
    from omtrace.model.plan import DatasetPlan, Plan
    from omtrace.provenance.columns import Column


class RecordNeeded(Exception):
    """A method asks for data: what the plan alone shows, it has said by then."""


class NoData:
    """Stands in for the records of a dataset: it knows which parameters and visits the plan declares, no more."""

    def __init__(self, name: str, plan: "DatasetPlan") -> None:
        self.name, self.plan = name, plan

    def column(self, parameter: str, visit: str = "") -> "Column":
        """A column without units. Raises Fault for what is not declared."""
        import numpy

        from omtrace.provenance.columns import Column

        declared = self.plan.parameters.get(parameter)
        if declared is None or visit not in (declared.visits or ("",)):
            at = f" at {visit}" if visit else " without a visit"
            raise Fault(f"dataset {self.name}: there is no parameter {parameter!r}{at}")
        whole, none = numpy.zeros(0, numpy.int64), numpy.zeros(0, object)
        return Column(whole, whole, numpy.zeros(0), whole, none, none)

    def __getattr__(self, name: str) -> NoReturn:
        raise RecordNeeded(name)


def shown_by_plan(plan: "Plan", name: str, options: Any, method: Method) -> list[Fault]:
    """What does not fit in a plan entry; a ``Refusal`` is what no data would allow.

    Parameters
    ----------
    plan, name
        The plan, which lists the groups of the analysis' dataset, if it has any, and the analysis.
    options
        Its options, as its method has checked them.
    method
        Its method.
    """
    entry = plan.analyses[name]
    dataset = plan.datasets[entry.dataset]
    data = cast("Data", NoData(entry.dataset, dataset))
    call = Call(name, entry, options, dataset, data, study=plan.study)
    faults: dict[tuple[str, ...], Fault] = {}
    for narrowed in parts_of(method, call):
        try:
            for _ in method.run(narrowed):
                pass
        except RecordNeeded:
            continue
        except Fault as fault:
            faults.setdefault(fault.lines, fault)
    return list(faults.values())
