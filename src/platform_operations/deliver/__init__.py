"""From a plan to files: the report, findings for other programs, and the only code that writes."""
