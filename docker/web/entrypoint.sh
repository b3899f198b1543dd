#!/bin/sh
# Fills the configuration from the environment, then starts nginx as whoever runs this.
#
# WEB_TEMPLATE, WEB_PAGES, WEB_SCRATCH, WEB_PORT and MIME_TYPES say where things are, for other layouts than the image's.
set -eu

WEB_TEMPLATE=${WEB_TEMPLATE:-/etc/orrery-web/nginx.conf.template}
export WEB_PAGES="${WEB_PAGES:-/srv/pages}" WEB_SCRATCH="${WEB_SCRATCH:-/tmp}" WEB_PORT="${WEB_PORT:-3000}"
export MIME_TYPES="${MIME_TYPES:-/etc/nginx/mime.types}" CSP_WHITELIST="${CSP_WHITELIST:-}"
export FRAME_OPTIONS=DENY FRAME_POLICY="; frame-ancestors 'none'"
if [ "${ALLOW_EMBED:-false}" = true ]; then
    FRAME_OPTIONS='' FRAME_POLICY=''
fi

envsubst '${WEB_PAGES} ${WEB_SCRATCH} ${WEB_PORT} ${MIME_TYPES} ${CSP_WHITELIST} ${FRAME_OPTIONS} ${FRAME_POLICY}' \
    <"$WEB_TEMPLATE" >"$WEB_SCRATCH/nginx.conf"
exec nginx -c "$WEB_SCRATCH/nginx.conf" -g 'daemon off;' "$@"
