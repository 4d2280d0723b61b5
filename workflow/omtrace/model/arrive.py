"""What a plan says of an animal study that neither its data nor its analyses can tell (ARRIVE 2.0, essential ten)."""

from pydantic import Field

from omtrace.model.closed import Closed


class Arrive(Closed):
    """Statements for the ARRIVE table of the report; what is left out is shown there as a gap."""

    sample_size: str = Field("", description="how the number of animals was chosen beforehand, or that it was not")
    exclusions: str = Field("", description="criteria of inclusion and exclusion, and when they were set")
    randomisation: str = Field(
        "", description="how animals or cages were allocated, and in which order treated, measured"
    )
    blinding: str = Field(
        "", description="who did not know the allocation, at allocation, treatment, measurement, analysis"
    )
    assumptions: str = Field("", description="how the assumptions of the statistical methods were looked at")
    animals: str = Field(
        "", description="species, strain, sex, age or weight, source, health, as far as no table has them"
    )
    procedures: str = Field("", description="what was done to each group: what, how, when, how often, where, why")
