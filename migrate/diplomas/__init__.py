"""This domain: schemas, the linkage model, the outcomes."""
