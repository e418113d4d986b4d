"""Pictures, tables and pages made from an analysis for a person to look at."""
