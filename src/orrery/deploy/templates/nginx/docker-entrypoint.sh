#!/bin/sh
# Fills the templates from the environment, starts nginx, and tells it when its certificate has changed.
#
# NGINX_TEMPLATES, NGINX_TARGET, TLS_FOLDER, ACME_FOLDER and ACME_WEBROOT say where things are, for other layouts than
# the image's; CERTIFICATE_PAUSE, how many seconds pass between two looks at the certificate.
set -eu

NGINX_TEMPLATES=${NGINX_TEMPLATES:-/etc/nginx/templates}
export NGINX_TARGET="${NGINX_TARGET:-/etc/nginx}"
TLS_FOLDER=${TLS_FOLDER:-/etc/ssl/orrery}
ACME_FOLDER=${ACME_FOLDER:-/etc/letsencrypt/live}
ACME_WEBROOT=${ACME_WEBROOT:-/var/www/html}
say() {
    printf '%s\n' "nginx: $*" >&2
}

# The certificate in use: certbot's if there is one, else the one of the operator.
find_certificate() {
    issued=$ACME_FOLDER/${CERTBOT_DOMAIN:-}
    folder=$TLS_FOLDER
    if [ -n "${CERTBOT_DOMAIN:-}" ] && [ -f "$issued/$NGINX_SSL_CERT_FILENAME" ] &&
        [ -f "$issued/$NGINX_SSL_CERT_KEY_FILENAME" ]; then
        folder=$issued
    fi
    export SSL_CERTIFICATE="$folder/$NGINX_SSL_CERT_FILENAME"
    export SSL_CERTIFICATE_KEY="$folder/$NGINX_SSL_CERT_KEY_FILENAME"
}

missing() {
    for file in "$SSL_CERTIFICATE" "$SSL_CERTIFICATE_KEY"; do
        [ -f "$file" ] || printf '%s' "there is no $file"
        [ -f "$file" ] || return 0
    done
}

# Which certificate it is, and which key: both change in a renewal, one after the other.
fingerprint() {
    find_certificate
    printf '%s ' "$SSL_CERTIFICATE"
    cat "$SSL_CERTIFICATE" "$SSL_CERTIFICATE_KEY" 2>/dev/null | sha256sum
}

fill() {
    export HTTPS_CONFIG=''
    if [ "${NGINX_HTTPS_ENABLED:-false}" = true ]; then
        find_certificate
        if [ -z "$(missing)" ]; then
            HTTPS_CONFIG=$(envsubst "$tls_names" <"$NGINX_TEMPLATES/https.conf.template")
        fi
    fi
    for file in nginx.conf proxy.conf conf.d/default.conf; do
        envsubst "$names" <"$NGINX_TEMPLATES/$file.template" >"$NGINX_TARGET/$file"
    done
}

export ACME_CONFIG='' REAL_IP_CONFIG='' FORWARDED_PROTO='$scheme'

if [ "${NGINX_ENABLE_CERTBOT_CHALLENGE:-false}" = true ]; then
    ACME_CONFIG="location /.well-known/acme-challenge/ { root $ACME_WEBROOT; }"
fi

if [ "${NGINX_HTTPS_ENABLED:-false}" = true ]; then
    find_certificate
    reason=$(missing)
    if [ -n "$reason" ] && [ -n "${CERTBOT_DOMAIN:-}" ] && [ -n "$ACME_CONFIG" ]; then
        # Somebody has to answer for the domain before there can be a certificate.
        say "$reason yet: without TLS until certbot has got one"
    elif [ -n "$reason" ]; then
        say "NGINX_HTTPS_ENABLED=true, but $reason"
        exit 78
    fi
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
tls_names='${NGINX_SSL_PORT} ${NGINX_SSL_PROTOCOLS} ${SSL_CERTIFICATE} ${SSL_CERTIFICATE_KEY} ${HTTP2_PARAMETER}'
tls_names="$tls_names "'${HTTP2_CONFIG}'
# Several streams of one browser share a connection. Versions before 1.25.1 know the word in another place.
export HTTP2_PARAMETER='' HTTP2_CONFIG='http2 on;'
case $(nginx -v 2>&1) in
    */1.1?.* | */1.2[0-4].* | */1.25.0*) HTTP2_PARAMETER=' http2' HTTP2_CONFIG='' ;;
esac

mkdir -p "$NGINX_TARGET/conf.d"
known=$(fingerprint)
fill

if [ $# -eq 0 ] && [ "${NGINX_HTTPS_ENABLED:-false}" = true ]; then
    # $$ is this shell, whose place nginx takes: told to, it reads its configuration anew. Requests under way end on the
    # old certificate, and a certificate that can't be read (half of a renewal) leaves the old one in place.
    (
        while sleep "${CERTIFICATE_PAUSE:-20}" && kill -0 $$ 2>/dev/null; do
            now=$(fingerprint)
            [ "$now" != "$known" ] || continue
            known=$now
            find_certificate
            reason=$(missing)
            if [ -n "$reason" ]; then
                # Half of a renewal, too: what nginx has read stays good.
                say "$reason: nothing changes"
                continue
            fi
            fill
            say "the certificate has changed: $SSL_CERTIFICATE"
            kill -HUP $$ 2>/dev/null || true
        done
    ) </dev/null &
fi

exec nginx -c "$NGINX_TARGET/nginx.conf" -g 'daemon off;' "$@"
