#!/bin/sh
# The Mac's Perl: the same, with macOS's kernel put before it.
exec /mnt/bin/perl -I/mnt/host/mac/perl -MLabDarwin "$@"
