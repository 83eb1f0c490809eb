"""Error-budget arithmetic, burn-rate alert expressions and reading PromQL: pure, and exact in its numbers."""
