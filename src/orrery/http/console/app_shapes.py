"""Apps as the console shows them (product.md 8: app card, app detail, app detail with site)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from orrery.apps.catalog.modes import GRAPH_MODES
from orrery.apps.catalog.service import AppView
from orrery.apps.catalog.tables import ApiKey, AppModelConfig, Site

JsonObject = dict[str, object]


def unix(time: datetime | None) -> int | None:
    """Seconds since the epoch, as every console object has them."""
    return None if time is None else int(time.timestamp())


def app_card(view: AppView, names: Mapping[str, str]) -> JsonObject:
    """One entry of the studio's list; ``names`` maps account ids to names."""
    app = view.app
    author = names.get(app.created_by or "")
    return {
        "id": app.id,
        "name": app.name,
        "max_active_requests": app.max_active_requests,
        "description": app.description,
        "mode": app.mode,
        "icon_type": app.icon_type,
        "icon": app.icon,
        "icon_background": app.icon_background,
        "icon_url": None,
        "model_config": _config_summary(view.config),
        "workflow": _workflow_summary(view),
        "use_icon_as_answer_icon": app.use_icon_as_answer_icon,
        "created_by": app.created_by,
        "created_at": unix(app.created_at),
        "updated_by": app.updated_by,
        "updated_at": unix(app.updated_at),
        "tags": [{"id": tag.id, "name": tag.name, "type": tag.type} for tag in view.tags],
        "access_mode": "public",
        "create_user_name": author,
        "author_name": author,
        "has_draft_trigger": view.has_draft_trigger,
    }


def app_detail(view: AppView, names: Mapping[str, str], *, api_base_url: str, app_base_url: str) -> JsonObject:
    """An app with its site and, for basic modes, its whole configuration."""
    app = view.app
    return {
        **app_card(view, names),
        "enable_site": app.enable_site,
        "enable_api": app.enable_api,
        "model_config": None if view.config is None else full_config(view.config),
        "tracing": app.tracing,
        "api_base_url": api_base_url,
        "site": None if view.site is None else site_object(view.site, app_base_url),
    }


def site_object(site: Site, app_base_url: str) -> JsonObject:
    """The public page's settings."""
    return {
        "access_token": site.code,
        "code": site.code,
        "title": site.title,
        "icon_type": site.icon_type,
        "icon": site.icon,
        "icon_background": site.icon_background,
        "icon_url": None,
        "description": site.description,
        "default_language": site.default_language,
        "chat_color_theme": site.chat_color_theme,
        "chat_color_theme_inverted": site.chat_color_theme_inverted,
        "customize_domain": site.customize_domain,
        "copyright": site.copyright,
        "privacy_policy": site.privacy_policy,
        "custom_disclaimer": site.custom_disclaimer,
        "customize_token_strategy": site.customize_token_strategy,
        "prompt_public": site.prompt_public,
        "app_base_url": app_base_url,
        "show_workflow_steps": site.show_workflow_steps,
        "use_icon_as_answer_icon": site.use_icon_as_answer_icon,
        "input_placeholder": site.input_placeholder,
        "created_by": site.created_by,
        "created_at": unix(site.created_at),
        "updated_by": site.updated_by,
        "updated_at": unix(site.updated_at),
    }


def full_config(config: AppModelConfig) -> JsonObject:
    """The configuration object of a basic app (product.md 8, model_config)."""
    return {
        **cast("JsonObject", config.configs),
        "created_by": config.created_by,
        "created_at": unix(config.created_at),
        "updated_by": config.created_by,
        "updated_at": unix(config.created_at),
    }


def key_object(key: ApiKey) -> JsonObject:
    """An API key; the token is shown in full each time."""
    return {
        "id": key.id,
        "type": key.type,
        "token": key.token,
        "last_used_at": unix(key.last_used_at),
        "created_at": unix(key.created_at),
    }


def _config_summary(config: AppModelConfig | None) -> JsonObject | None:
    if config is None:
        return None
    configs = cast("JsonObject", config.configs)
    return {
        "model": configs.get("model"),
        "pre_prompt": configs.get("pre_prompt"),
        "created_by": config.created_by,
        "created_at": unix(config.created_at),
        "updated_by": config.created_by,
        "updated_at": unix(config.created_at),
    }


def _workflow_summary(view: AppView) -> JsonObject | None:
    app = view.app
    if app.mode not in GRAPH_MODES or app.workflow_id is None:
        return None
    return {
        "id": app.workflow_id,
        "created_by": app.created_by,
        "created_at": unix(app.created_at),
        "updated_by": app.updated_by,
        "updated_at": unix(app.updated_at),
    }
