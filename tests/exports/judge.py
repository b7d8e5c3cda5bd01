"""Judges a document by the library of its own ecosystem. Run by the interpreter of `.venv/formats`.

    python judge.py ocsf|oscal|sarif FILE

Prints what the library understood, as JSON; fails where it refuses the document.
"""

import json
import sys
from pathlib import Path
from typing import Any


def ocsf(place: Path) -> Any:
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
    from py_ocsf_models.events.findings.detection_finding import DetectionFinding

    classes = {2004: DetectionFinding, 2003: ComplianceFinding}
    events = json.loads(place.read_text(encoding="utf-8"))
    read = [classes[event["class_uid"]].model_validate(event) for event in events]
    return [[event.class_name, event.severity_id.name, event.finding_info.title] for event in read]


def oscal(place: Path) -> Any:
    from trestle.oscal.assessment_results import AssessmentResults

    (result,) = AssessmentResults.oscal_read(place).results
    findings = result.findings or []
    states = [finding.target.status.state for finding in findings]
    return [[getattr(state, "value", state), finding.title] for state, finding in zip(states, findings, strict=True)]


def sarif(place: Path) -> Any:
    from sarif.loader import load_sarif_file

    (run,) = load_sarif_file(str(place)).runs
    return [[record["Severity"], record["Location"], record["Code"]] for record in run.get_records()]


if __name__ == "__main__":
    print(json.dumps({"ocsf": ocsf, "oscal": oscal, "sarif": sarif}[sys.argv[1]](Path(sys.argv[2]))))
