#!/bin/sh
# Installs what the suite needs of the system, where apt-get is there and may; says what is missing where not.
# Does nothing where all is there. Tests that lack something are skipped, or fail where SEKISHO_REQUIRE=all.
set -u
PATH=$PATH:/usr/sbin:/sbin
missing=""
command -v ip >/dev/null || missing="iproute2"
command -v nft >/dev/null || missing="$missing nftables"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086  # a list of words
  { apt-get -qq update && apt-get -qq install --no-install-recommends $missing; } >/dev/null 2>&1 && exit 0
fi
echo "not installed, so some tests are skipped: $missing" >&2
