"""What figures have in common: their colours, and how they write the names of actions."""

AGENT_COLOR = "#1f5fa8"
CRASH_COLOR = "#c0392b"
PICKED_COLOR = "#e0a030"
POLICY_COLORS = (AGENT_COLOR, PICKED_COLOR, "#2e8b57", "#8e44ad")
BASELINE_COLORS = ("#7f8c8d", "#b07d2b", "#2e8b57", "#8e44ad", "#c0392b", "#16a085")
COMPONENT_COLORS = {
    "surviving": "#b8c4cf",
    "right lane": "#e0a030",
    "high speed": "#2e8b57",
    "collision": CRASH_COLOR,
}


def short_name(action) -> str:
    """highway-env's name of an action as figures write it: LANE_LEFT as left."""
    return action.replace("LANE_", "").lower()
