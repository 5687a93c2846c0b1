"""Move paper-era diplomas into the electronic register."""

__version__ = "0.1.0"
