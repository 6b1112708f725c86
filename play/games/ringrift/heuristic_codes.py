"""The terms that the heuristic sees, their places in an array, and their weights (ringrift-rules.md, section 23.3)."""

from __future__ import annotations

import numpy as np

# Terms of a position, in the order of BALANCED.
(
    STACKS, HEIGHT, CAPS, DIVERSITY, TERRITORY, HAND, CENTRE, THREATS, MOBILITY, CREDIT, MARKERS, PROXIMITY, OPPONENT_PROXIMITY,
    STACK_MOBILITY, LEADERS, LINE_POTENTIAL, CONNECTIVITY, VULNERABILITY, OVERTAKE, CLOSURE, SAFETY, FORCED_RISK, LPS_ADVANTAGE,
    RECOVERY, NUM_TERMS,
) = range(25)  # fmt: skip
BALANCED = np.array(
    [10, 5, 6, 1, 8, 3, 4, 6, 4, 12, 1.5, 20, 6, 4, 2, 7, 6, 8, 8, 10, 5, 4, 2, 1], np.float64
)  # the weights of upstream's profile `balanced`

# Sums over a seat's stacks and markers, the raw material of the terms.
(S_HEIGHT, S_CAPS, S_CENTRE, S_USABLE, S_MOBILE, S_LINE, S_CONNECTED, S_SAFETY, S_CLOSURE, S_ACTIONS, NUM_SUMS) = range(
    11
)
BLOCKED = -5.0

# What is compared between the seats besides.
(V_STACKS, V_TERRITORY, V_HAND, V_MARKERS, V_PROXIMITY, V_RISK, V_RECOVERY, V_DIVERSITY, NUM_VALUES) = range(9)
