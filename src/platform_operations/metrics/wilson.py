"""The Wilson score interval, one-sided at 95 percent, decided without rounding."""

from decimal import Decimal, localcontext
from fractions import Fraction

Z = Fraction(16_448_536_269_514_722, 10**16)
"""The 95 percent quantile of the normal distribution."""


def lower_bound(successes: Fraction, trials: Fraction) -> Fraction:
    """The lower bound of the true share of successes, to 40 digits, rounded down.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927. With no
    failures it is n / (n + z^2). `trials` must be positive.
    """
    share, square = successes / trials, Z * Z
    spread = share * (1 - share) / trials + square / (4 * trials * trials)
    with localcontext() as context:
        context.prec = 60
        root = Fraction((Decimal(spread.numerator) / Decimal(spread.denominator)).sqrt())
    bound = (share + square / (2 * trials) - Z * root) / (1 + square / trials)
    return max(Fraction(0), Fraction(int(bound * 10**40), 10**40))


def supports(share: Fraction, successes: Fraction, trials: Fraction) -> bool:
    """Whether the lower bound is at least `share`, exactly.

    The bound is the smaller root of trials x (p - t)^2 = z^2 t (1 - t), so no square root is needed.
    """
    gap = successes / trials - share
    return gap >= 0 and trials * gap * gap >= Z * Z * share * (1 - share)
