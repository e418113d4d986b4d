"""A folder of photos -> a run folder with tables: resumable, parallel, and unharmed by any single file."""
