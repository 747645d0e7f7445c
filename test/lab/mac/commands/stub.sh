#!/bin/sh
# Apple's stubs for missing developer tools open a dialog on the owner's screen; here they leave a line.
echo "${0##*/}" >>"$HOME/.lab-dialogs"
echo 'xcode-select: note: No developer tools were found, requesting install.' >&2
exit 1
