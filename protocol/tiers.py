"""Tiers are the operator's data: name, code and label come with the terminal's settings. Two things are fixed here.

Code 0 is ``blocked``, which rides in the member list like a tier, so that a blocked number is known offline as well.
"""

BLOCKED = 0

# What a centre starts with; more may come.
DEFAULT = (
    {"code": 1, "name": "ordinary", "label": {"en": "MEMBER", "zh": "普通"}},
    {"code": 2, "name": "vip", "label": {"en": "VIP", "zh": "VIP"}},
    {"code": 3, "name": "trial", "label": {"en": "TRIAL", "zh": "体验"}},
)
