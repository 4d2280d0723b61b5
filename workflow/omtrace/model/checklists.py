"""Reporting guidelines as checklists: the number of each item, what it asks for in a few words of ours, and finders.

A finder is a function of ``report/checklists`` that looks for what a plan and its results hold.
"""

from dataclasses import dataclass
from typing import Literal

Guideline = Literal["consort", "consort_pro", "spirit", "arrive"]


@dataclass(frozen=True)
class Item:
    """An item: number, what is asked for, and names of finders."""

    number: str
    asks: str
    finders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checklist:
    """A guideline: title, publication, and its items in their order."""

    title: str
    source: str
    items: tuple[Item, ...]


def _items(text: str) -> tuple[Item, ...]:
    """Items from lines ``number | what is asked for | finders``."""
    lines = [[part.strip() for part in line.split("|")] for line in text.strip().splitlines()]
    return tuple(Item(number, asks, tuple(finders.split())) for number, asks, finders in lines)


CHECKLISTS: dict[Guideline, Checklist] = {
    "consort": Checklist(
        "CONSORT 2025",
        "Hopewell S et al., PLoS Med 2025;22:e1004587, doi:10.1371/journal.pmed.1004587",
        _items("""
            1a | title says that the trial is randomised | title
            1b | structured summary | answers
            2 | registration |
            3 | protocol and analysis plan, where | plan
            4 | data and code, where | exports
            5a | funding, and its role |
            5b | conflicts of interest |
            6 | background |
            7 | objectives, benefits and harms | questions
            8 | patients and public involved |
            9 | design, allocation ratio, framework | design
            10 | changes after the start | unplanned
            11 | setting and places |
            12a | eligibility of participants | eligibility
            12b | eligibility of sites and providers | providers
            13 | interventions, in detail |
            14 | outcomes, with measure and time | outcomes
            15 | harms: how defined and asked for | harms
            16a | size of the trial, and why |
            16b | interim analyses and stopping |
            17a | who made the sequence, and how |
            17b | kind of randomisation, restrictions | allocation
            18 | concealment of the allocation |
            19 | who had access to the sequence |
            20a | who was blinded |
            20b | how blinding was achieved |
            21a | statistical methods | methods families
            21b | who is in each analysis | sets
            21c | missing data | missing
            21d | additional analyses | additional
            22a | flow: allocated, treated, analysed | flow
            22b | losses and exclusions, with reasons | flow rows
            23a | dates of recruitment and follow-up |
            23b | why the trial ended |
            24a | interventions as delivered | delivered
            24b | concomitant care | care
            25 | baseline by group | baseline
            26 | numbers analysed, effects, precision | effects
            27 | harms by group | harms
            28 | other analyses, planned or not | additional exploratory
            29 | interpretation |
            30 | limitations |
        """),
    ),
    "consort_pro": Checklist(
        "CONSORT-PRO",
        "Calvert M et al., JAMA 2013;309:814-822, doi:10.1001/jama.2013.879",
        _items("""
            P1b | summary names the patient-reported outcome as primary or secondary | reported
            P2b | hypothesis, and the domains concerned | questions
            P6a | validity and reliability of the instrument; who answers, and how | instruments reliability
            P12a | missing answers: how they are dealt with | missing scoring
            P20/21 | limits and generalisability for the patient-reported outcome |
        """),
    ),
    "spirit": Checklist(
        "SPIRIT 2025, for the plan",
        "Chan AW et al., PLoS Med 2025;22:e1004589, doi:10.1371/journal.pmed.1004589",
        _items("""
            1a | title: design, population, interventions | title
            1b | structured summary of the design | design
            2 | version and date of the protocol | plan
            3a | contributors |
            3b | sponsor |
            3c | role of sponsor and funders |
            3d | committees |
            4 | registration |
            5 | protocol and analysis plan, where | plan
            6 | data and code, where | exports
            7a | funding |
            7b | conflicts of interest |
            8 | dissemination |
            9a | background |
            9b | choice of the comparator |
            10 | objectives, benefits and harms | questions
            11 | patients and public involved |
            12 | design, allocation ratio, framework | design
            13 | setting and places |
            14a | eligibility of participants | eligibility
            14b | eligibility of sites and providers | providers
            15a | interventions, in detail |
            15b | when an intervention is stopped or changed |
            15c | adherence, and how it is watched | delivered
            15d | concomitant care | care
            16 | outcomes, with measure and time | outcomes
            17 | harms: how defined and asked for | harms
            18 | schedule of participants | visits
            19 | size of the trial, and why |
            20 | recruitment |
            21a | who makes the sequence, and how |
            21b | kind of randomisation, restrictions | allocation
            22 | concealment of the allocation |
            23 | who has access to the sequence |
            24a | who is blinded |
            24b | how blinding is achieved |
            24c | when it may be broken |
            25a | how data are collected, instruments | instruments
            25b | retention and follow-up |
            26 | data management | checks
            27a | statistical methods | methods families
            27b | who is in each analysis | sets
            27c | missing data | missing
            27d | additional analyses | additional
            28a | data monitoring committee |
            28b | interim analyses and stopping |
            29 | monitoring of the trial |
            30 | ethics approval |
            31 | amendments |
            32a | consent |
            32b | consent for further use |
            33 | confidentiality | people
            34 | care after the trial |
        """),
    ),
    "arrive": Checklist(
        "ARRIVE 2.0, recommended set",
        "Percie du Sert N et al., PLoS Biol 2020;18:e3000410, doi:10.1371/journal.pbio.3000410",
        _items("""
            11 | abstract | answers
            12 | background |
            13 | objectives | questions
            14 | ethical approval |
            15 | housing and husbandry |
            16 | care and monitoring, humane end points |
            17 | interpretation |
            18 | generalisability |
            19 | protocol registered beforehand | plan
            20 | access to data | exports
            21 | interests and funding |
        """),
    ),
}
