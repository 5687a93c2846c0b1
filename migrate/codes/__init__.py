"""Validity codes: format, issuing, ledger."""
