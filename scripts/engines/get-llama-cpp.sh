#!/usr/bin/env bash
# get-llama-cpp.sh FOLDER [SUITE...]
# The real llama-server and ggml-rpc-server in FOLDER/bin, for tests: Debian's own packages, unpacked and run by their own loader. Nothing is
# installed, no root is needed, FOLDER can be moved. Takes what the suites have now (forky, else sid). A second call does nothing.
set -euo pipefail
folder=${1:?usage: get-llama-cpp.sh FOLDER [SUITE...]}
shift
[ $# -gt 0 ] || set -- forky sid
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "only for Linux on x86_64, this is $(uname -sm)" >&2; exit 1; }
for tool in apt-get dpkg-deb flock; do
  command -v "$tool" >/dev/null || { echo "there is no $tool here" >&2; exit 1; }
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || { echo "there is no $keyring here" >&2; exit 1; }
mirror=${DEBIAN_MIRROR:-$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
  grep -oE '(https?|file|ftp)://[^] ]*/debian/?( |$)' | head -n1 | tr -d ' ' || true)}
[ -n "$mirror" ] || { echo "no Debian mirror is configured in /etc/apt; set DEBIAN_MIRROR" >&2; exit 1; }

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
exec 9>"$folder/.lock"
flock 9
if [ -f "$folder/.whole" ] && "$folder/bin/llama-server" --version >/dev/null 2>&1; then exit 0; fi
work=$(mktemp -d "$folder/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# A configuration of its own: the machine's apt keeps its lists, its state and its hooks, which would run for this one, too.
fetched=
for suite in "$@"; do
  apt=$work/apt-$suite
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/state/status"
  echo "deb [arch=amd64 signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
Dir::Log "$apt";
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "0";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
CONF
  # `update` is content with lists that did not come: that the packages are not known is then the sign.
  if apt-get -c "$apt/apt.conf" -qq update &&
    apt-get -c "$apt/apt.conf" -qq -y --download-only install llama.cpp-tools llama.cpp-tools-extra libggml0-backend-rpc >/dev/null; then
    fetched=$apt
    break
  fi
done
[ -n "$fetched" ] || { echo "no suite of $* at $mirror gave the packages" >&2; exit 1; }

root=$work/root
mkdir "$root"
for package in "$fetched"/cache/archives/*.deb; do
  dpkg-deb -x "$package" "$root"
done
libraries=$root/usr/lib/x86_64-linux-gnu
loader=$libraries/ld-linux-x86-64.so.2
server=$root/usr/bin/llama-server
worker=$(find "$root/usr" -name ggml-rpc-server -type f | head -n1)
out=$work/out
mkdir -p "$out/lib" "$out/bin"
# ggml looks for its backends beside /proc/self/exe, which will be the loader: all in one folder.
cp -L "$loader" "$server" "$worker" "$libraries"/ggml/backends*/libggml-*.so "$out/lib/"
for file in "$server" "$worker" "$libraries"/ggml/backends*/libggml-*.so; do
  "$loader" --library-path "$libraries:$libraries/llama" --list "$file"
done | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u | while read -r file; do
  case $file in
    "$root"/*) cp -L "$file" "$out/lib/" ;;
    *) [ "${file##*/}" = ld-linux-x86-64.so.2 ] || { echo "$file is not from the packages" >&2; exit 1; } ;;
  esac
done
for name in llama-server ggml-rpc-server; do
  cat >"$out/bin/$name" <<'RUN'
#!/bin/sh
# exec: process number, signals and exit code are the program's own.
lib=$(dirname "$(readlink -f "$0")")/../lib
exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" --argv0 "$0" "$lib/${0##*/}" "$@"
RUN
  chmod +x "$out/bin/$name"
done
rm -rf "$folder/bin" "$folder/lib"
mv "$out/lib" "$out/bin" "$folder/"
"$folder/bin/llama-server" --version >/dev/null 2>&1 || { echo "what was unpacked does not run" >&2; exit 1; }
: >"$folder/.whole"
