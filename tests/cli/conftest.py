"""The command is tested on the batches of tests/batch."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "batch"))

from batch_room import before, kept, sample, whole

__all__ = ["before", "kept", "sample", "whole"]
