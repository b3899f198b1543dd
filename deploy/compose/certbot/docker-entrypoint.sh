#!/bin/sh
# Has a certificate for CERTBOT_DOMAIN, always: gets one at the first start, then asks twice a day whether it is time to
# renew it. Certificates are for nginx, which looks for itself whether there is another one.
#
# UPDATE_SCRIPT says where the other script is, for other layouts than the image's; CERTBOT_PAUSE and CERTBOT_RETRY, how
# many seconds pass after a success and after a first failure.
set -u
child=''
trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 0' TERM INT
# A shell that waits for a program in the background hears signals; one that runs it does not.
wait_for() {
    "$@" &
    child=$!
    wait "$child"
    status=$?
    child=''
    return $status
}

if [ -z "${CERTBOT_DOMAIN:-}" ] || [ -z "${CERTBOT_EMAIL:-}" ]; then
    echo "certbot: set CERTBOT_DOMAIN and CERTBOT_EMAIL in .env; nothing is done until then" >&2
    wait_for tail -f /dev/null
fi

# Windows checkouts add carriage returns.
script=$(mktemp)
tr -d '\r' <"${UPDATE_SCRIPT:-/update-cert.sh}" >"$script"

first_retry=${CERTBOT_RETRY:-120}
retry=$first_retry
while :; do
    if wait_for sh "$script"; then
        pause=${CERTBOT_PAUSE:-43200}
        retry=$first_retry
    else
        # Authorities count failures: five an hour is what the best known of them bears with.
        pause=$retry
        retry=$((retry * 2))
        [ "$retry" -le 3600 ] || retry=3600
        echo "certbot: no certificate for $CERTBOT_DOMAIN; the next try is in $pause s" >&2
    fi
    wait_for sleep "$pause"
done
