"""Every diagnostic code, collected from its family."""
