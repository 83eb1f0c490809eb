"""The rules, one file per part of a plan; each rule is one function and one page in reference/rules/."""
