#!/bin/sh
# The service has a cache of compiled code of its own (NODE_COMPILE_CACHE in the unit). For others there is none: nothing is
# written beside the program, and root never runs what the service's user could have written.
[ -n "$NODE_COMPILE_CACHE" ] || export NODE_DISABLE_COMPILE_CACHE=1
exec /usr/lib/s1bridge/node /usr/lib/s1bridge/app/main.js "$@"
