"""What a report needs words for, beside those that every rendering shares. A language is one `Catalogue`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sekisho.report.parts import Document
from sekisho.report.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """`kinds` and `actions` name the hops of a way, `rules` say what each type of finding is about.

    `outwards` replaces texts in an assessment of what goes out.
    """

    words: Words
    severities: Mapping[str, str]
    severity_meanings: Mapping[str, str]
    rules: Mapping[str, str]
    kinds: Mapping[str, str]
    actions: Mapping[str, str]
    contributions: Mapping[str, str]
    reasons: Mapping[str, str]
    method: tuple[str, ...]
    roles: tuple[str, ...]
    fields: tuple[str, ...]
    text: Mapping[str, str]
    outwards: Mapping[str, str]

    def of(self, direction: str) -> "Catalogue":
        """The catalogue for an assessment of that direction (`ingress` or `egress`)."""
        if direction != "egress":
            return self
        return replace(self, words=self.words.of(direction), text={**self.text, **self.outwards})

    @property
    def language(self) -> str:
        return self.words.language

    def subnets(self, number: int) -> str:
        return self.text["one_subnet"] if number == 1 else self.text["subnets"].format(f"{number:,}")

    def reached(self, reached: int, addresses: int) -> str:
        return self.text["map_reached"].format(f"{reached:,}", f"{addresses:,}")

    def fraction(self, reached: int, addresses: int) -> str:
        """`2 / 5`, and nothing where there is no address."""
        return f"{reached:,} / {addresses:,}" if addresses else "-"

    def reason(self, written: str) -> str:
        """Why an origin is lacking; what is not in the catalogue stays as it is."""
        known, _, more = written.partition("; assumed absent: ")
        said = self.reasons.get(known, known)
        return f"{said}{self.text['assumed_absent_too'].format(more)}" if more else said

    def told_way(self, answer: Document, way: Document) -> str:
        """The picture in words, for those who do not see it."""
        steps = " → ".join(f"{self.kinds.get(h['kind'], h['kind'])} {h['component']}" for h in way["forward"])
        back = " → ".join(f"{self.kinds.get(h['kind'], h['kind'])} {h['component']}" for h in way["return"])
        cut = ", ".join(f"{b['component']} ({b['code']})" for b in answer["barriers"])
        parts = [self.text["way_alt"].format(steps or "-"), *([self.text["back_alt"].format(back)] if back else [])]
        return " ".join([*parts, *([self.text["cut_alt"].format(cut)] if cut else [])])
