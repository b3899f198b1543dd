"""The composition root: builds every part from the settings, hands each what it needs, starts and stops them in order.

Nothing here decides anything about the product; nothing elsewhere builds parts of other rooms.
"""

from orrery.wiring.settings import settings_of

__all__ = ["settings_of"]
