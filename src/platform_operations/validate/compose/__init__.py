"""New entries, composed complete: what a repair adds comes with everything that the rules ask of it.

Every word comes from the repository's evidence, the platform's page or an assumption that the plan names.
"""
