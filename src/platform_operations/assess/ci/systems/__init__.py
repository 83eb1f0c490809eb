"""One module per CI system, each with a `CI`; found by looking, nothing to register."""
