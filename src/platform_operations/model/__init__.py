"""The nouns: what a target, its evidence, a plan and a finding are. No I/O."""
