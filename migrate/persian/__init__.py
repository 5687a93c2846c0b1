"""Persian text in, canonical value out. Knows nothing of diplomas."""
