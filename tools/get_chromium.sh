#!/bin/sh
# Debian's Chromium, where it is not there yet and this user may install packages.
if command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "== installing chromium for the tests of the web app"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 && exit 0
fi
echo "== no Chromium: the tests of the web app will be skipped (apt-get install chromium)"
