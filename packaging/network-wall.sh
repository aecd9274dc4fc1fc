#!/bin/sh
# Lets the service reach the network, or not, as the daemon's mode says; run as root by alexa-local-network.path.
#
# The daemon, which has no rights, leaves `open` or `closed` in a file. Taking that file away first keeps a newer wish:
# it makes a new file, for which systemd runs this again.
set -eu
wish=/run/alexa-local/network
known=/run/alexa-local-network
[ -e "$wish" ] || exit 0
mv -fT "$wish" "$known"
read -r mode <"$known" || mode=closed
if [ "$mode" = open ]; then
    exec systemctl set-property --runtime alexa-local.service IPAddressAllow=any
fi
exec systemctl set-property --runtime alexa-local.service IPAddressAllow=
