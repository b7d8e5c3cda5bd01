"""The chapters of a report in their order."""

from .blocks import Paper, told
from .brief import Brief
from .changes import changes
from .closing import appendix, controls, method, sign_off
from .coverage import coverage
from .rules import accepted, findings, passed
from .sheets import sheets
from .summary import summary


def paper(brief: Brief) -> Paper:
    """The whole report as plain data. The same brief gives the same report."""
    t, run = brief.words.text, brief.document["run"]
    return Paper(
        language=brief.words.language,
        title=brief.words.words.text["title"],
        edition=t[f"kind_{brief.kind}"],
        running=told(t["running"].format(run["input_digest"])),
        contents=t["contents"],
        filter=brief.words.words.text["filter"],
        page=t["page"],
        moment=brief.moment_of_configuration(),
        blocks=(
            *summary(brief),
            *coverage(brief),
            *changes(brief),
            *sheets(brief),
            *findings(brief),
            *passed(brief),
            *accepted(brief),
            *method(brief),
            *controls(brief),
            *appendix(brief),
            *sign_off(brief),
        ),
    )
