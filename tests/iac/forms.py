"""What is compared among the forms that one estate is given in: who is reached, from where, at which ports."""

import json
from pathlib import Path
from typing import Any

from sekisho.analysis import assess
from sekisho.iac import load
from sekisho.model.record import name_of
from sekisho.report.document import assessment_document

Answer = tuple[str, str, str, str, tuple[tuple[str, str, str], ...]]


def answers(path: Path, **options: Any) -> set[Answer]:
    """Role, family, origin, verdict and what is delivered, of every row: without ids and addresses."""
    snapshot = load(path, **options).snapshot
    document = assessment_document(assess(snapshot))
    found = set()
    for row in document["verdicts"]:
        instance = snapshot.instances.get(row["instance"] or "")
        role = (name_of(instance.tags) if instance else None) or snapshot.interfaces[row["interface"]].interface_type
        answer = document["answers"][row["answer"]]
        flows = tuple(
            sorted(
                (f["protocol"], ",".join(f.get("destination_ports") or ()), ",".join(f["sources"]))
                for f in answer["flows"]
            )
        )
        found.add((role, row["family"], row["origin"], row["verdict"], flows))
    return found


def saved(document: object, place: Path) -> Path:
    place.write_text(json.dumps(document), encoding="utf-8")
    return place
