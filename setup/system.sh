#!/usr/bin/env bash
# What the system must give: a Chromium and a Chinese font. Installs what is missing where it
# can (apt as root, else Playwright's own browser), else says what to install.
set -euo pipefail
python="${1:?usage: setup/system.sh PYTHON}"

have_browser() {
    [ -n "${YUNJIAN_BROWSER:-}" ] && [ -x "${YUNJIAN_BROWSER}" ] && return 0
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    "$python" - <<'PY' 2>/dev/null
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.exit(0 if os.path.exists(p.chromium.executable_path) else 1)
PY
}
have_font() {
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]
}
have_browser && have_font && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    wanted=(fontconfig)
    have_browser || wanted+=(chromium)
    have_font || wanted+=(fonts-noto-cjk)
    echo "installing ${wanted[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || true
    apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null || true
fi
have_browser || "$python" -m playwright install chromium || true
if ! have_browser; then
    echo "No Chromium was found and none could be installed. Install one (Debian: apt-get install" \
        "chromium; elsewhere: $python -m playwright install chromium), or name it in YUNJIAN_BROWSER." >&2
    exit 1
fi
if ! have_font; then
    echo "No Chinese font was found and none could be installed: screenshots would show boxes." \
        "Install Noto Sans CJK (Debian: apt-get install fontconfig fonts-noto-cjk)." >&2
    exit 1
fi
