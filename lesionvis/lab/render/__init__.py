"""Photos of skin rendered from truth."""
