"""Points as numbers for JSON and as text, without the noise of binary fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

_DIGITS = 6


def number_of(points: Fraction) -> int | float:
    """Give points for JSON: a whole number as such, else the float whose shortest text is the decimal number."""
    return points.numerator if points.denominator == 1 else float(text_of(points))


def text_of(points: Fraction) -> str:
    """Give points as a decimal number of at most six digits behind the point, without zeros at its end."""
    scaled = (points * 10**_DIGITS + Fraction(1, 2)).__floor__()
    text = f"{Decimal(scaled).scaleb(-_DIGITS):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
