#!/bin/sh
# Gets the certificate of CERTBOT_DOMAIN, or renews it once that is due. The certbot container does it by itself twice
# a day, and nginx takes up what it gets; by hand:
#
#   docker compose exec certbot /bin/sh /update-cert.sh
#
# ACME_CONFIG and ACME_WEBROOT say where things are, for other layouts than the image's.
set -eu
: "${CERTBOT_DOMAIN:?set CERTBOT_DOMAIN in .env}"
ACME_CONFIG=${ACME_CONFIG:-/etc/letsencrypt}

if [ -f "$ACME_CONFIG/renewal/$CERTBOT_DOMAIN.conf" ]; then
    # Spread over the day by the time of the container's start; certbot need not wait some minutes as well.
    # shellcheck disable=SC2086  # options are words
    exec certbot renew --cert-name "$CERTBOT_DOMAIN" --non-interactive --no-random-sleep-on-renew ${CERTBOT_OPTIONS:-}
fi
: "${CERTBOT_EMAIL:?set CERTBOT_EMAIL in .env}"
# shellcheck disable=SC2086  # options are words
exec certbot certonly --webroot --webroot-path "${ACME_WEBROOT:-/var/www/html}" --domain "$CERTBOT_DOMAIN" \
    --email "$CERTBOT_EMAIL" --agree-tos --no-eff-email --non-interactive ${CERTBOT_OPTIONS:-}
