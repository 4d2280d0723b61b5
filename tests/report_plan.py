"""The plan of the small made study of the report's tests.

Names and labels hold what would break a careless page: markup, quotes, ends of scripts.
"""

from omtrace.model.plan import Plan

SCRIPT = "</script><script>window.broken = 1</script>"
ATTRIBUTE = '" onfocus="window.broken = 1" x=\''
IMAGE = '<img src="https://example.invalid/x.png" onerror="window.broken = 1">'
VISITS = {"baseline": "Baseline", "month_1": "Month 1", "month_3": "Month 3"}


def plan_of(kind: str = "simulated") -> Plan:
    """The plan: questionnaires, an assay whose standards serve many records, and a flow."""
    parameter = {"derive": "column", "options": {}}
    scores = {
        f"score_{i}": {**parameter, "label": f"Headache score {i}", "unit": "points", "visits": list(VISITS)}
        for i in range(1, 4)
    }
    return Plan.model_validate(
        {
            "study": "demo",
            "title": f"Manual treatment of headache: a feasibility study {IMAGE}",
            "kind": kind,
            "statement": f"Everything here is made up. {SCRIPT}",
            "design": f"One group, three visits; {ATTRIBUTE}",
            "tables": {name: {"reader": "delimited", "schema": "strata"} for name in ("forms", "wells")},
            "datasets": {
                "participants": {
                    "unit": "participant",
                    "roster": {"table": "forms", "column": "unit_id"},
                    "visits": {**VISITS, "month_3": f"Month 3 {IMAGE}"},
                    "baseline": "baseline",
                    "group": "arm",
                    "groups": {"sham": "Sham", "omt": f"Manual {ATTRIBUTE}"},
                    "parameters": {
                        "arm": {**parameter, "label": "Group"},
                        "sex": {**parameter, "label": f"Sex {SCRIPT}"},
                        "cgrp": {**parameter, "label": "CGRP", "unit": "pg/mL", "visits": ["baseline"], "decimals": 2},
                        **scores,
                    },
                    "populations": {
                        "full": {"label": f"Full set {IMAGE}"},
                        "treated": {"label": "At least three sessions", "where": "sessions >= 3"},
                    },
                }
            },
            "analyses": {
                "characteristics": {
                    "method": "describe",
                    "dataset": "participants",
                    "title": f"Participants {IMAGE}",
                    "parameters": ["sex", "score_1", "score_2"],
                    "note": f"A note {SCRIPT}",
                },
                "change": {
                    "method": "paired_change",
                    "dataset": "participants",
                    "title": "Change from baseline",
                    "parameters": ["score_1", "score_2", "score_3"],
                    "population": "treated",
                },
                "completion": {
                    "method": "proportion",
                    "dataset": "participants",
                    "title": "Completion",
                    "parameters": ["score_1"],
                },
                "comparison": {
                    "method": "ancova",
                    "dataset": "participants",
                    "title": "Comparison of groups",
                    "parameters": ["score_1"],
                },
                "assay": {"method": "describe", "dataset": "participants", "title": "Assay", "parameters": ["cgrp"]},
            },
            "figures": {"course": {"figure": "paired_lines", "analyses": ["change"], "title": f"Course {IMAGE}"}},
        }
    )
