"""Several photos of one skin: registration, the glass test, dated series."""
