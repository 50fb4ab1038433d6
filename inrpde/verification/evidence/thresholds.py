"""The numbers by which answers are judged, all in one place.

`python benchmarks/calibration.py --half fit` prints what they make of one half of the problems whose solutions are
known; they are changed by that half alone, and judged by the other, `--half held`."""

# -- the estimate of an error

FLOOR = 1e-12
"""Below this an estimate is rounding."""
CEILING = 2.0
"""Above this nothing is known: no answer at all is off by 1."""
SPARE = 1.5
"""An estimate's margin: with it, true errors lie above and below equally often (benchmarks/calibration.py)."""
FARTHEST = 300.0
"""How much larger than the error a held-out score may be, at most: agreement is not believed beyond that."""
GUESSED = 0.3
"""Two solves that differ so much, where one has not seen all readings, do not know what lies between them; and of
nonlinear equations they are too far apart to share a difference out."""
OPEN = 100.0, 1e-2
"""Two solves that differ by so many times their residuals, and by so much, show that something is left open."""

# -- perturbed data

ROUNDED_DATA, UNSEEN = 1e-14, 1e-12
"""Relative perturbations of data: by rounding, as residuals of features leave it, and one that nothing shows."""
MEASURED = 1e-6
"""How right data that were measured are at best."""
USUAL = 10.0
"""The amplification κ of nearly all well-posed problems is below this, and so is an error over its score: over the zoo
(benchmarks/zoo) κ is 0.5 to 30, of a pressure 400; a long cantilever's, and exponential growth's, is some 500."""
SOFT = 100.0
"""The same of nonlinear equations, on features of the answer's own: over the zoo it is 0.5 to 11, and where an inner
layer is nearly free 600 and more. Second solves begin at the first one there, and leave that where it is."""
LOGARITHMIC = 2.0
"""The error where amplification has no bound, times the logarithm of the residual."""
USELESS = 1e-2
"""An error that data which are amplified may leave, above which an answer is not to be trusted."""

# -- balances of the answer

LOST, FLUX = 0.02, 30.0
"""An imbalance of this share of all that flows is one, and of so many times the estimated error: fluxes are
derivatives, and less accurate than their fields. So it is with the share of an equation that is left in a narrow
place."""
SURE = 5.0
"""How many times the difference of two quadratures an imbalance must be."""
SOME = 2
"""Boxes that do not balance, at least: one may be an accident of its quadrature."""

# -- equations that are not satisfied

UNMET = 0.2
"""A residual of this share of its equation's data says that the equation is not satisfied."""
DRIVES = 1e-2
"""Data of this share of the largest drive the solution; elsewhere a residual is compared with the largest."""
RESONANT = 1e-4
"""A solution is out of proportion to its data where these are a smaller share of what the operator makes of it."""

# -- the word

UNRESOLVED = 0.3
"""A held-out score above which equations do not hold, whatever two solves agree on."""
GOOD = 0.05
"""An estimate above this is no answer that could be verified."""
FAIR, WORTHLESS = 0.2, 0.5
"""The same for `plausible` where a reference agrees, and whatever agrees."""
FAR = 0.1
"""A difference to a reference that is right to `GOOD` above which an answer is wrong."""
HELD, CLOSE = 1e-4, 1e-3
"""Score and estimate below which equations hold to well below the error claimed, without a reference."""
ALONE = 1e-2
"""A score below which an answer is plausible without a second solve."""

# -- answer and reference

LEAST_ORDER = 1.0
"""A reference that converges more slowly may converge to something else: that it agrees proves nothing."""
REGULAR = 2.0
"""A reference of a lower order than its scheme's meets corners, whose error its grids show in part: it is taken for
larger by the square of the ratio."""
AGREES = 3.0
"""Two answers agree that differ by so many times the sum of their errors."""
NOTHING = 1e-6
"""Two answers that differ by less agree, whatever either says of itself."""
APART, TINY = 10.0, 1e-4
"""Two answers contradict one another that differ by so many times that sum, and by so much."""
GAINED = 10.0
"""Extrapolation is believed to lower a reference's error by so much: in a layer that is hardly resolved it gains less
than the last two extrapolations differ by."""
BETTER = 5.0
"""The reference is the better answer where the two differ by so many times its own error."""
SINGULAR = 1e6
"""How much more than its data an answer is perturbed where the rounding of a reference's matrices is an error, too."""
VARIES = 10.0
"""A norm so many times the deviation from the mean hides what varies: errors are told beside that, too."""
