"""How platform files are read: which files count, YAML with lines, images, Dockerfiles, manifests."""
