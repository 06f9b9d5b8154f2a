"""`console doctor`: every dependency looked at on its own, each finding with its mend."""
