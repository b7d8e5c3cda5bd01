"""Synthetic estates: realistic in shape, of any size, the same for the same seed.

`plan` says what there is, `rows` makes the records of it one VPC at a time, `write` saves them as AWS's answers.
"""

from .estate import rows
from .plan import MOST_REGIONS, Place, Plan, plan
from .write import write

__all__ = ["MOST_REGIONS", "Place", "Plan", "plan", "rows", "write"]
