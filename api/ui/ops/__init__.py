"""The day of operations: what needs somebody first, one assignment in full, jobs, absences."""
