"""`./stones bench`: measures what the text claims, as ratios within one run."""
