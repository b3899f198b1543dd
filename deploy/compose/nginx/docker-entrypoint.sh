#!/bin/sh
# Fills the templates from the environment, then starts nginx.
#
# NGINX_TEMPLATES, NGINX_TARGET, TLS_FOLDER and ACME_FOLDER say where things are, for other layouts than the image's.
set -eu

NGINX_TEMPLATES=${NGINX_TEMPLATES:-/etc/nginx/templates}
export NGINX_TARGET="${NGINX_TARGET:-/etc/nginx}"
TLS_FOLDER=${TLS_FOLDER:-/etc/ssl/orrery}
ACME_FOLDER=${ACME_FOLDER:-/etc/letsencrypt/live}
die() {
    printf '%s\n' "nginx: $*" >&2
    exit 78
}

export HTTPS_CONFIG='' ACME_CONFIG='' REAL_IP_CONFIG='' FORWARDED_PROTO='$scheme'

if [ "${NGINX_HTTPS_ENABLED:-false}" = true ]; then
    issued=$ACME_FOLDER/${CERTBOT_DOMAIN:-}
    folder=$TLS_FOLDER
    if [ -n "${CERTBOT_DOMAIN:-}" ] && [ -f "$issued/$NGINX_SSL_CERT_FILENAME" ] &&
        [ -f "$issued/$NGINX_SSL_CERT_KEY_FILENAME" ]; then
        folder=$issued
    fi
    export SSL_CERTIFICATE="$folder/$NGINX_SSL_CERT_FILENAME"
    export SSL_CERTIFICATE_KEY="$folder/$NGINX_SSL_CERT_KEY_FILENAME"
    for file in "$SSL_CERTIFICATE" "$SSL_CERTIFICATE_KEY"; do
        [ -f "$file" ] || die "NGINX_HTTPS_ENABLED=true, but there is no $file"
    done
    HTTPS_CONFIG=$(envsubst '${NGINX_SSL_PORT} ${NGINX_SSL_PROTOCOLS} ${SSL_CERTIFICATE} ${SSL_CERTIFICATE_KEY}' \
        <"$NGINX_TEMPLATES/https.conf.template")
fi

if [ "${NGINX_ENABLE_CERTBOT_CHALLENGE:-false}" = true ]; then
    ACME_CONFIG='location /.well-known/acme-challenge/ { root /var/www/html; }'
fi

if [ -n "${ORRERY_TRUSTED_PROXIES:-}" ]; then
    for range in $(printf '%s' "$ORRERY_TRUSTED_PROXIES" | tr ',' ' '); do
        REAL_IP_CONFIG="$REAL_IP_CONFIG set_real_ip_from $range;"
    done
    REAL_IP_CONFIG="$REAL_IP_CONFIG real_ip_header X-Forwarded-For; real_ip_recursive on;"
    FORWARDED_PROTO='$http_x_forwarded_proto'
fi

# The name server of this container's network knows the services; engines differ in its address.
if [ -z "${ORRERY_RESOLVER:-}" ]; then
    ORRERY_RESOLVER=$(sed -n 's/^nameserver *//p' /etc/resolv.conf | head -n 1)
    case $ORRERY_RESOLVER in *:*) ORRERY_RESOLVER="[$ORRERY_RESOLVER]" ;; esac
fi
export ORRERY_RESOLVER

# Only these are replaced: nginx has variables of its own that start with a dollar.
names='${NGINX_TARGET} ${NGINX_SERVER_NAME} ${NGINX_PORT} ${NGINX_WORKER_PROCESSES} ${NGINX_CLIENT_MAX_BODY_SIZE}'
names="$names "'${NGINX_KEEPALIVE_TIMEOUT} ${NGINX_PROXY_READ_TIMEOUT} ${NGINX_PROXY_SEND_TIMEOUT} ${ORRERY_RESOLVER}'
names="$names "'${HTTPS_CONFIG} ${ACME_CONFIG} ${REAL_IP_CONFIG} ${FORWARDED_PROTO}'
mkdir -p "$NGINX_TARGET/conf.d"
for file in nginx.conf proxy.conf conf.d/default.conf; do
    envsubst "$names" <"$NGINX_TEMPLATES/$file.template" >"$NGINX_TARGET/$file"
done

exec nginx -c "$NGINX_TARGET/nginx.conf" -g 'daemon off;' "$@"
