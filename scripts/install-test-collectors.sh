#!/bin/sh
# Installs the real syslog collectors that the interop tests talk to, promtool, systemd's tools, what tests of the package need, and
# a browser for the status page, on Debian and Ubuntu. May run again and again.
#
# rsyslog and syslog-ng conflict as packages, so syslog-ng is only unpacked, under S1BRIDGE_SYSLOG_NG_ROOT.
set -eu

root=${S1BRIDGE_SYSLOG_NG_ROOT:-/opt/syslog-ng-root}
sudo=$([ "$(id -u)" -eq 0 ] || echo sudo)
export DEBIAN_FRONTEND=noninteractive

$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends \
  rsyslog rsyslog-gnutls rsyslog-openssl rsyslog-relp liblognorm-utils openssl \
  systemd perl-base man-db debootstrap lintian binutils git \
  chromium fonts-dejavu-core

if [ -x "$root/usr/sbin/syslog-ng" ]; then
  echo "syslog-ng is in $root"
else
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  chmod 755 "$download"
  (cd "$download" && apt-get download -qq syslog-ng-core)
  $sudo mkdir -p "$root"
  $sudo dpkg -x "$download"/syslog-ng-core_*.deb "$root"
fi

# What the unpacked program is linked with, under whatever names this release has for them.
missing=$(LD_LIBRARY_PATH="$root/usr/lib/syslog-ng" ldd "$root/usr/sbin/syslog-ng" "$root"/usr/lib/syslog-ng/*.so* \
  "$root"/usr/lib/syslog-ng/[0-9]*/lib*.so | sed -n 's/^[[:space:]]*\(.*\) => not found$/\1/p' | sort -u)
for package in libivykis0 libivykis0t64 libjson-c5 libnet1 libnet9 libwrap0 libpcre3 libpcre2-8-0; do
  [ -n "$missing" ] || break
  if apt-cache show "$package" >/dev/null 2>&1; then $sudo apt-get install -y -qq --no-install-recommends --no-upgrade "$package"; fi
done

# Of Prometheus only the program that tests alarms: the package would start a server.
if ! command -v promtool >/dev/null; then
  prometheus=$(mktemp -d)
  chmod 755 "$prometheus"
  (cd "$prometheus" && apt-get download -qq prometheus && dpkg -x prometheus_*.deb .)
  $sudo install -m 755 "$prometheus/usr/bin/promtool" /usr/local/bin/promtool
  rm -rf "$prometheus"
fi

promtool --version 2>&1 | head -n 1
rsyslogd -v | head -n 1
LD_LIBRARY_PATH="$root/usr/lib/syslog-ng" "$root/usr/sbin/syslog-ng" --version \
  --module-path="$(echo "$root"/usr/lib/syslog-ng/[0-9]*)" | head -n 1
