"""What figures have in common: their colours, and how they write the names of actions."""

AGENT_COLOR = "#1f5fa8"
CRASH_COLOR = "#c0392b"
PICKED_COLOR = "#e0a030"
POLICY_COLORS = (AGENT_COLOR, PICKED_COLOR, "#2e8b57", "#8e44ad")
BASELINE_COLORS = ("#7f8c8d", "#b07d2b", "#2e8b57", "#8e44ad", "#c0392b", "#16a085")
COMPONENT_COLORS = {  # of Okabe and Ito, which the colour-blind can tell apart, and a grey
    "surviving": "#c8c8c8",
    "right lane": "#e69f00",
    "high speed": "#0072b2",
    "collision": "#d55e00",
}


def short_name(action) -> str:
    """highway-env's name of an action as figures write it: LANE_LEFT as left."""
    return action.replace("LANE_", "").lower()
