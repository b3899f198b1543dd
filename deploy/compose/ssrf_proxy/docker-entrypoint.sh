#!/bin/sh
# Fills squid's configuration from the environment, then starts squid. Rules of your own: files in conf.d.
#
# SQUID_TEMPLATES and SQUID_TARGET say where things are, for other layouts than the image's.
set -eu

export SQUID_TEMPLATES="${SQUID_TEMPLATES:-/etc/squid/templates}"
export SQUID_TARGET="${SQUID_TARGET:-/tmp/squid}"

allowed='' rules=''
words() { printf '%s' "$1" | tr ',' ' '; }
for range in $(words "${SSRF_PROXY_ALLOW_PRIVATE_IPS:-}"); do
    allowed="${allowed}acl allowed_private_ips dst $range\n"
done
# -n: an address is not asked for its name, which whoever owns the address could choose.
for domain in $(words "${SSRF_PROXY_ALLOW_PRIVATE_DOMAINS:-}"); do
    allowed="${allowed}acl allowed_private_domains dstdomain -n $domain\n"
done
[ -z "${SSRF_PROXY_ALLOW_PRIVATE_IPS:-}" ] || rules="${rules}http_access allow localnet allowed_private_ips\n"
[ -z "${SSRF_PROXY_ALLOW_PRIVATE_DOMAINS:-}" ] || rules="${rules}http_access allow localnet allowed_private_domains\n"

mkdir -p "$SQUID_TARGET"
ALLOWED_PRIVATE=$allowed ALLOW_PRIVATE_RULES=$rules awk '{
    line = $0
    while (match(line, /\$\{[A-Z_]+\}/)) {
        name = substr(line, RSTART + 2, RLENGTH - 3)
        value = ENVIRON[name]
        gsub(/\\n/, "\n", value)
        line = substr(line, 1, RSTART - 1) value substr(line, RSTART + RLENGTH)
    }
    print line
}' "$SQUID_TEMPLATES/squid.conf.template" >"$SQUID_TARGET/squid.conf"

if [ $# -eq 0 ]; then
    # squid opens its logs by name as its own user, which may not open the container's output; cat holds it already.
    mkfifo "$SQUID_TARGET/log"
    cat <"$SQUID_TARGET/log" &
    # squid asks for the sandbox's address once an hour; a sandbox that is made anew has another one.
    sandbox() { getent hosts "$SANDBOX_HOST" || true; }
    (
        known=$(sandbox)
        # $$ is this shell, whose place squid takes: it reads its configuration and all names anew.
        while sleep 2 && kill -0 $$; do
            now=$(sandbox)
            [ "$now" = "$known" ] || kill -HUP $$
            known=$now
        done
    ) >/dev/null 2>&1 &
    set -- -NYC
fi
exec squid -f "$SQUID_TARGET/squid.conf" "$@"
