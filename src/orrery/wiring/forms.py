"""Forms that runs wait for: opened by runs, answered by people, told of by mail."""

from __future__ import annotations

from orrery.apps.files.parts import Files
from orrery.apps.forms.attending import PauseNews
from orrery.apps.forms.parts import FormNeeds, Forms
from orrery.apps.forms.rate import FormRate
from orrery.apps.forms.run_forms import FormOpening
from orrery.apps.forms.tokens import FormTokens
from orrery.mail.opening import open_mail
from orrery.settings.load import Settings
from orrery.wiring.ground import Ground
from orrery.wiring.running import Running, Waits


def form_waits(ground: Ground) -> Waits:
    """What runs need in order to wait for people."""
    settings = ground.settings
    tokens = FormTokens(settings.security.secret_key)
    opening = FormOpening(ground.database, tokens, float(settings.human_input.deadline_seconds))
    return Waits(opening, PauseNews())


def build_forms(ground: Ground, files: Files, running: Running, waits: Waits) -> Forms:
    """The services of forms; opens nothing."""
    return Forms.build(
        FormNeeds(
            database=ground.database,
            tokens=waits.opening.tokens,
            files=files.values,
            resume=running.recovery.go_on_with,
            outbox=ground.outbox,
            transport=open_mail(ground.settings.mail, ground.clients.operator),
            base=form_base(ground.settings),
            news=waits.news,
            steps=running.steps,
            rate=FormRate(
                ground.cache, ground.settings.human_input.attempts, ground.settings.human_input.window_seconds
            ),
        )
    )


def form_base(settings: Settings) -> str:
    """The address at which people reach pages of apps; without a setting, this machine's."""
    urls, server = settings.urls, settings.server
    return urls.app_web or urls.console_web or f"http://localhost:{server.port}"
