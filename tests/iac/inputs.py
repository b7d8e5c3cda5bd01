"""Damaged declarations without end: each is read, or refused in one line that says what to do.

    python tests/iac/inputs.py [--inputs N] [--seed N]

Prints how many were read and how many refused; what does neither is printed with its seed, and the exit code is 1.
"""

import argparse
import copy
import json
import random
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from iac.corpus import CONFIG, PLANS, TEMPLATES
from sekisho.errors import SekishoError
from sekisho.iac import load

_JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    65536,
    2**63,
    1.5,
    "",
    "x",
    "10.0.0.0/33",
    "10.0.0.1/8",
    "::/0",
    "0.0.0.0/0",
    "vpc-1",
    "sg-Web",
    "\0",
    "\ud7ff",
    "a" * 5000,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"Ref": "Vpc"},
    {"Ref": {}},
    {"Fn::Sub": "${Vpc.CidrBlock}${"},
    {"Fn::GetAtt": ["Vpc"]},
    {"Fn::If": ["Nothing", 1, 2]},
    {"Fn::Cidr": ["10.0.0.0/8", 256, 1]},
    {"Fn::Select": [9, []]},
    {"Fn::Join": [None, None]},
    {"Fn::ImportValue": "x"},
    {"Fn::FindInMap": ["a"]},
    {"Fn::Select": 5},
    {"references": ["each.value", "var.x", "module.a.b"]},
    {"references": ["aws_vpc.main[0].id", None]},
    [{"references": [1]}],
    {"Fn::ForEach::X": ["a", ["b"], {"${a}": {"Type": "AWS::EC2::VPC"}}]},
)


def damaged(seed: int) -> tuple[str, bytes]:
    """The name and the bytes of an input: one of the corpus with some places changed."""
    rng = random.Random(seed)
    name, document = rng.choice([*PLANS, *TEMPLATES, *CONFIG])
    tree = json.loads(json.dumps(document))
    for _ in range(rng.randint(1, 4)):
        _change(rng, tree)
    data = json.dumps(tree).encode("utf-8", "surrogatepass")
    if rng.random() < 0.15:
        data = _torn(rng, data)
    if rng.random() < 0.05:
        data = data.decode("utf-8", "replace").encode("utf-16")
    return name, data


def _places(tree: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(pairs):
        found.append((tree, key))
        _places(value, found)
    return found


def _change(rng: random.Random, tree: Any) -> None:
    places = _places(tree, [])
    if not places:
        return
    parent, key = rng.choice(places)
    kind = rng.random()
    if kind < 0.5:
        parent[key] = copy.deepcopy(rng.choice(_JUNK))
    elif kind < 0.7:
        del parent[key]
    elif kind < 0.85:
        other, where = rng.choice(places)
        if where in other if isinstance(other, dict) else where < len(other):
            parent[key] = json.loads(json.dumps(other[where]))
    elif isinstance(parent, dict):
        parent[rng.choice(["id", "Type", "values", "index", "Properties", "expressions", "x"])] = parent.pop(key)
    else:
        parent.insert(key, copy.deepcopy(parent[key]))


def _torn(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data) or 1)
    return rng.choice([data[:place], data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :], data[place:]])


def outcome(seed: int, folder: Path) -> str:
    """`read` or `refused`; what is wrong with it else."""
    name, data = damaged(seed)
    place = folder / name
    place.write_bytes(data)
    try:
        load(place)
    except SekishoError as error:
        said = str(error)
        return "refused" if said and "\n" not in said and len(said) < 600 else f"no good line: {said[:200]!r}"
    except Exception:  # noqa: BLE001 - what is looked for
        return traceback.format_exc()
    return "read"


def run(seeds: range, told: Callable[[int, str], None]) -> Counter[str]:
    """How often each outcome came; `told` is given every seed that ends neither way."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            found = outcome(seed, Path(folder))
            wrong = found not in {"read", "refused"}
            counts["wrong" if wrong else found] += 1
            if wrong:
                told(seed, found)
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    counts = run(range(asked.seed, asked.seed + asked.inputs), lambda seed, found: print(f"seed {seed}: {found}"))
    print(", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())))
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
