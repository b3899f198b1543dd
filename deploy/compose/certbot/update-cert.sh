#!/bin/sh
# Gets the certificate of CERTBOT_DOMAIN, or renews it. Run it in the certbot container, then reload nginx:
#
#   docker compose exec certbot /bin/sh /update-cert.sh
#   docker compose exec nginx nginx -s reload
set -eu
: "${CERTBOT_DOMAIN:?set CERTBOT_DOMAIN in .env}"

if [ -f "/etc/letsencrypt/renewal/$CERTBOT_DOMAIN.conf" ]; then
    # shellcheck disable=SC2086  # options are words
    exec certbot renew --cert-name "$CERTBOT_DOMAIN" --non-interactive ${CERTBOT_OPTIONS:-}
fi
: "${CERTBOT_EMAIL:?set CERTBOT_EMAIL in .env}"
# shellcheck disable=SC2086  # options are words
exec certbot certonly --webroot --webroot-path /var/www/html --domain "$CERTBOT_DOMAIN" --email "$CERTBOT_EMAIL" \
    --agree-tos --no-eff-email --non-interactive ${CERTBOT_OPTIONS:-}
