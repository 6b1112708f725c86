"""The numbers used inside kernels for cell conditions, phases, move kinds, payments and facts of a turn."""

# Conditions of a cell (section 0.4).
EMPTY, STACK, MARKER, COLLAPSED = range(4)

# Phases in turn order (section 4.1).
(
    RING_PLACEMENT,
    MOVEMENT,
    CAPTURE,
    CHAIN_CAPTURE,
    LINE_PROCESSING,
    TERRITORY_PROCESSING,
    FORCED_ELIMINATION,
    GAME_OVER,
) = range(8)
PHASE_NAMES = (
    "ring_placement",
    "movement",
    "capture",
    "chain_capture",
    "line_processing",
    "territory_processing",
    "forced_elimination",
    "game_over",
)

# Move kinds (section 5). A move is an int16 row (kind, source, target, aux):
#   place_ring                  source = target = cell, aux = count 1..3
#   move_stack, captures        source, target = landing, aux = direction index (the captured stack is the first met)
#   process_line, choose_line   source, target = first and last collapsed cell, aux = axis index
#   choose_territory_option     source = target = smallest cell of the region, aux = border seat, or PLAIN
#   eliminations                source = target = cell, aux = what is paid: PAY_RING, PAY_CAP, PAY_BURIED
#   recovery_slide              source, target, aux = option + 8 * (extraction cell + 1, or 0: the engine picks)
#   all others                  (kind, 0, 0, 0)
(
    PLACE_RING,
    SKIP_PLACEMENT,
    NO_PLACEMENT_ACTION,
    SWAP_SIDES,
    MOVE_STACK,
    OVERTAKING_CAPTURE,
    CONTINUE_CAPTURE_SEGMENT,
    SKIP_CAPTURE,
    NO_MOVEMENT_ACTION,
    RECOVERY_SLIDE,
    SKIP_RECOVERY,
    PROCESS_LINE,
    CHOOSE_LINE_OPTION,
    ELIMINATE_RINGS,
    NO_LINE_ACTION,
    CHOOSE_TERRITORY_OPTION,
    SKIP_TERRITORY_PROCESSING,
    NO_TERRITORY_ACTION,
    FORCED_ELIMINATION_MOVE,
) = range(19)
MOVE_NAMES = (
    "place_ring",
    "skip_placement",
    "no_placement_action",
    "swap_sides",
    "move_stack",
    "overtaking_capture",
    "continue_capture_segment",
    "skip_capture",
    "no_movement_action",
    "recovery_slide",
    "skip_recovery",
    "process_line",
    "choose_line_option",
    "eliminate_rings_from_stack",
    "no_line_action",
    "choose_territory_option",
    "skip_territory_processing",
    "no_territory_action",
    "forced_elimination",
)

# What an elimination takes: the top ring (9.4), the whole cap (10.6, 11.2), the lowest own ring (10.6, recovery turn).
PAY_RING, PAY_CAP, PAY_BURIED = 1, 2, 3

# The pass without a border colour (10.2), beside the seats 0..3.
PLAIN = 4

# Recovery options (12.2): fallback or stack strike; the whole line; from 2 on, a window of L cells starting
# (option - 2) steps before the destination.
RECOVER_OPEN, RECOVER_WHOLE, RECOVER_WINDOW = 0, 1, 2
EXTRACTION_STEP = 8

# Fields of `turn`, the int64 row of facts about a game (section 3.1). Seats are 0-based; -1 means none.
(
    MOVER,
    PHASE,
    WINNER,
    MUST_CELL,  # the cell that has to move this turn (4.4)
    CHAIN_CELL,  # the capturing stack while in chain_capture
    ACT_CELL,  # the destination of the last board move
    PENDING_LINE,  # 1: a ring is owed for a collapsed line
    PENDING_TERRITORY,  # 1: an elimination is owed for a claimed region
    ACTED,  # 1: a move that changes the board was made this turn (4.6)
    RECOVERED,  # 1: a recovery slide was made this turn
    LAST_ACTOR,  # the seat of the last applied move
    LPS_FIRST,  # where the present cycle of last-player-standing began (section 14)
    LPS_MASK,  # bit per seat: had a real action in this cycle
    LPS_SEEN,  # bit per seat: its turn was recorded in this cycle
    LPS_SEAT,  # the holder of the streak
    LPS_STREAK,
    MOVED,  # bit per seat: has made a move (pie rule, section 13)
    SWAPPED,  # 1: the identities of seats 0 and 1 were exchanged
    PLY,  # records played, bookkeeping included
    DECISIONS,  # records played that were a choice
    BIRTHS,  # stacks ever created; dates `born`
    SEED,
    DRAWS,  # random numbers taken
    TURN_FIELDS,
) = range(24)
