"""What was done in the sessions of the simulated trials, movement by movement, and by whom.

The 2023 feasibility study (doi:10.1370/afm.22.s1.5587) names five one-minute movements of myofascial release; which
five is not published, so that the regions here are a choice. So are the techniques of the randomised trial, which are
those that trials of osteopathic treatment in migraine use. The sham has a counterpart to each movement: light touch in
the same region for as long. Neither the provider nor the fidelity has an effect on the simulated answers. The
chances of a slip have no source: they were chosen for the size of the per-protocol set, its result in view, so that
this result says nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from omtrace.simulate.defects import Row
from omtrace.simulate.streams import Stream, nearest, within

MOVEMENT_COLUMNS = ["participant_id", "session", "movement", "technique", "region", "seconds", "sham_contact"]
PROVIDER_COLUMNS = ["provider_id", "site", "credential", "trained_on", "training_hours"]
SECONDS = 60
# Technique and region of each movement, in the order of the protocol.
RELEASE = tuple(
    ("myofascial_release", region)
    for region in ("suboccipital", "cervical_posterior", "cervical_anterior", "shoulder_girdle", "thoracic_inlet")
)
OSTEOPATHIC = (
    ("soft_tissue", "cervical_posterior"),
    ("myofascial_release", "thoracic_inlet"),
    ("cervical_mobilisation", "cervical_posterior"),
    ("suboccipital_decompression", "suboccipital"),
    ("cranial", "cranium"),
)
OUTSIDE = ("muscle_energy", "cervical_posterior")  # what was given now and then in place of a movement of the protocol
STAND_IN, SHORT, OTHER, SWAPPED = 0.06, 0.008, 0.003, 0.01  # chances, of a session or of a movement
HURRIED = 6.0  # times as often short, with the last provider of a list


def provider_rows(study: str, names: Sequence[tuple[str, str]], first: date) -> list[Row]:
    """The providers (name, site): doctors of osteopathy, trained in the technique before the first session."""
    rows = []
    for name, site in names:
        stream = Stream(study, name, "provider")
        trained = first - timedelta(days=stream.whole(20, 90))
        hours = stream.whole(4, 12)
        row = {"provider_id": name, "site": site, "credential": "DO", "trained_on": trained, "training_hours": hours}
        rows.append(row)
    return rows


def provided(study: str, person: str, sessions: Sequence[Row], providers: Sequence[str]) -> None:
    """Give each session its provider: the participant's own, or now and then a stand-in."""
    stream = Stream(study, person, "provider")
    own = stream.pick(providers)
    others = [name for name in providers if name != own]
    for session in sessions:
        stands_in = stream.chance(STAND_IN)
        session["provider_id"] = stream.pick(others) if stands_in else own


@dataclass(frozen=True)
class Treatment:
    """What is done in the sessions of a study: technique and region of each movement, by whom in a hurry, and whether
    it is the sham."""

    study: str
    protocol: Sequence[tuple[str, str]]
    hurried: str
    is_sham: bool = False


def movements_of(person: str, sessions: Sequence[Row], treatment: Treatment) -> Iterator[Row]:
    """The movements of a participant's sessions: as many as each session says were done, the last ones left out."""
    for session in sessions:
        stream = Stream(treatment.study, person, "movements", str(session["session"]))
        steps = list(treatment.protocol[: session["movements_done"]])
        if stream.chance(SWAPPED) and len(steps) > 1:
            at = stream.whole(0, len(steps) - 2)
            steps[at], steps[at + 1] = steps[at + 1], steps[at]
        short = SHORT * (HURRIED if session["provider_id"] == treatment.hurried else 1.0)
        for number, step in enumerate(steps, 1):
            is_short, is_other = stream.chance(short), stream.chance(OTHER)
            technique, region = OUTSIDE if is_other else step
            length = stream.normal(SECONDS, 1.5)
            cut = stream.whole(12, 28)
            yield {
                "participant_id": person,
                "session": session["session"],
                "movement": number,
                "technique": technique,
                "region": region,
                "seconds": nearest(within(length - (cut if is_short else 0), 20, 75)),
                "sham_contact": "light_touch" if treatment.is_sham else None,
            }
