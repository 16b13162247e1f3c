"""A simulated year of a district, and a recount of it from the ledger alone."""
