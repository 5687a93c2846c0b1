"""Cases, packets for universities, decisions."""
