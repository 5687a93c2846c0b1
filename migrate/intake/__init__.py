"""Files and tables in, staged records and quarantine out."""
