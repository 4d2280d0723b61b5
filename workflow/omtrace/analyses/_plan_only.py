"""What an analysis says of its plan entry before there are data: its method runs until it asks for a record."""

from typing import TYPE_CHECKING, Any, NoReturn, cast

from omtrace.analyses import Call, Method
from omtrace.analyses._refusals import parts_of
from omtrace.faults import Fault, Refusal

if TYPE_CHECKING:
    from omtrace.analyses.selection import Data
    from omtrace.model.plan import Analysis, DatasetPlan
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


def shown_by_plan(
    name: str, entry: "Analysis", options: Any, dataset: "DatasetPlan", method: Method, study: str
) -> tuple[list[Fault], list[Refusal]]:
    """What does not fit in a plan entry, and what of it no data would allow.

    Parameters
    ----------
    name, entry, options
        The analysis, its options as its method has checked them.
    dataset
        Its dataset, whose groups the plan lists, if it has any.
    method, study
        Its method, and the plan's study.
    """
    data = cast("Data", NoData(entry.dataset, dataset))
    call = Call(name, entry, options, dataset, data, study=study)
    faults: dict[tuple[str, ...], Fault] = {}
    for narrowed in parts_of(method, call):
        try:
            for _ in method.run(narrowed):
                pass
        except RecordNeeded:
            continue
        except Fault as fault:
            faults.setdefault(fault.lines, fault)
    refusals = [fault for fault in faults.values() if isinstance(fault, Refusal)]
    return [fault for fault in faults.values() if not isinstance(fault, Refusal)], refusals
