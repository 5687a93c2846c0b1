"""The review desk: pages at /review where universities decide their cases."""
