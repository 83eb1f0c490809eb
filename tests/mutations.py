"""All mutation operators. Importing a module of them lists its operators, in this order."""

from tests import (
    attacks_in_shell,
    attacks_on_delivery,
    attacks_on_emptiness,
    attacks_on_fields,
    attacks_on_places,
    attacks_on_promises,
    attacks_on_words,
    mutants_bypassed,
    mutants_dropped,
    mutants_loosened,
)
from tests.mutating import OPERATORS, Mutant, Operator, settled

FAMILIES = (
    mutants_dropped,
    mutants_bypassed,
    mutants_loosened,
    attacks_on_delivery,
    attacks_on_fields,
    attacks_on_promises,
    attacks_in_shell,
    attacks_on_places,
    attacks_on_words,
    attacks_on_emptiness,
)

__all__ = ["FAMILIES", "OPERATORS", "Mutant", "Operator", "settled"]
