"""Probabilistic linkage for any two tables, from a declarative model."""
