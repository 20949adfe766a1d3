"""The reference networks, each a spec file with its sources."""
