"""The fixtures of the batch room; tests/cli uses them too."""

from batch_room import before, kept, sample, whole

__all__ = ["before", "kept", "sample", "whole"]
