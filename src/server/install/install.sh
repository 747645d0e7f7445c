#!/bin/sh
# Installs Windfall's command line from the server at @url@: into this account's home folder, without admin rights.
# POSIX sh, because nothing else is sure to be there. All of it is one function: half a script does nothing.
set -eu

url='@url@'
fingerprint='@fingerprint@'
pin='@pin@'

say() { printf '%s\n' "$*"; }
fail() { printf 'Cannot install Windfall: %s\n' "$1" >&2; exit 2; }

# This server alone, known by its certificate's key.
fetch() {
  from=$1
  shift
  curl -fSk --noproxy '*' --pinnedpubkey "$pin" "$@" "$url$from"
}

# On a terminal somebody waits for the large file.
fetch_file() {
  if [ -t 2 ]; then fetch "$1" --progress-bar -o "$2"; else fetch "$1" -s -o "$2"; fi
}

# Before anything is fetched or made. The code goes over a pipe: it is in no process's arguments.
check_code() {
  [ -n "$code" ] || return 0
  looked=$(printf '{"code":"%s"}' "$(printf '%s' "$code" | tr -cd 'A-Za-z0-9_-')" |
    curl -sSk --noproxy '*' --pinnedpubkey "$pin" --max-time 20 -H 'content-type: application/json' --data-binary @- "$url/v1/login/look" 2>&1) || fail "the server does not answer: $looked"
  case $looked in
    'user '*) return 0 ;;
    *'"message":"'*) ;;
    *) fail "the server does not answer as it should ($looked)" ;;
  esac
  for name in message hint; do
    printf '%s\n' "$looked" | sed -n 's/.*"'$name'":"\([^"]*\)".*/\1/p' >&2
  done
  exit 2
}

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else /usr/bin/shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

platform() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo linux-x64 ;;
    Linux-aarch64 | Linux-arm64) echo linux-arm64 ;;
    Darwin-arm64) echo darwin-arm64 ;;
    # A shell under Rosetta says so, too.
    Darwin-x86_64) [ "$(/usr/sbin/sysctl -n hw.optional.arm64 2>/dev/null)" = 1 ] && echo darwin-arm64 ;;
    *) return 1 ;;
  esac
}

write_launcher() {
  quoted=$(printf '%s' "$folder/$release" | sed "s/'/'\\\\''/g")
  cat >"$1" <<END
#!/bin/sh
# Windfall's command line, installed from $url. \`windfall uninstall\` removes it.
here='$quoted'
if [ "\$#" = 1 ] && { [ "\$1" = --version ] || [ "\$1" = -V ]; }; then
  echo 'windfall ${release%%-*}'
  exit 0
fi
NODE_COMPILE_CACHE=\${NODE_COMPILE_CACHE-\${XDG_CACHE_HOME:-\$HOME/.cache}/windfall/compile} \\
  exec "\$here/node" --disable-warning=ExperimentalWarning "\$here/windfall.mjs" "\$@"
END
  chmod 755 "$1"
}

# What an earlier run left that was killed.
remove_abandoned() {
  for old in "$folder"/new-*; do
    [ -d "$old" ] || continue
    case $(ps -o stat= -p "${old##*-}" 2>/dev/null) in '' | Z*) rm -rf "$old" ;; esac
  done
}

place_release() {
  work=$folder/new-$$
  mkdir "$work"
  while read -r word name sum _; do
    [ "$word" = file ] || continue
    fetch_file "/v1/install/$platform/$name" "$work/$name" </dev/null || fail "$name did not arrive"
    [ "$(sha256 "$work/$name")" = "$sum" ] || fail "$name arrived changed"
  done <<END
$list
END
  chmod 755 "$work/node"
  said=$("$work/node" --version 2>&1) || fail "Node does not start on this system: $said"
  write_launcher "$work/windfall"
  # The line may have been pasted twice, and the other have been quicker.
  [ ! -d "$folder/$release" ] || { rm -rf "$work"; return; }
  mv "$work" "$folder/$release"
  made_release=yes
}

place_link() {
  ln -s "$folder/$release/windfall" "$bin/.windfall-$$"
  mv -f "$bin/.windfall-$$" "$link"
}

clean_up() {
  rm -rf "$folder/new-$$" "$bin/.windfall-$$"
  # A login that is refused takes back what this run has made, and nothing else.
  if [ -n "$undo" ]; then
    rm -f "$link"
    [ -z "$made_release" ] || rm -rf "${folder:?}/$release"
  fi
  rmdir "$folder" "${folder%/*}" "$bin" 2>/dev/null || :
  # Those above that this run has made, the innermost first.
  [ -z "$made_share" ] || rmdir "$HOME/.local/share" 2>/dev/null || :
  [ -z "$made_local" ] || rmdir "$HOME/.local" 2>/dev/null || :
}

say_path() {
  case :$PATH: in *":$bin:"*) return ;; esac
  say
  say "$bin is not on your PATH yet. Type this once, here:"
  # The second half is for the terminal that the line is typed in, which reads no such file again.
  add='export PATH="$HOME/.local/bin:$PATH"'
  case ${SHELL##*/} in
    zsh) say "  echo '$add' >> ~/.zshrc; $add" ;;
    fish) say '  fish_add_path ~/.local/bin' ;;
    *)
      rc=.bashrc
      [ "$(uname -s)" != Darwin ] || rc=.bash_profile
      say "  echo '$add' >> ~/$rc; $add"
      ;;
  esac
}

main() {
  code=${WINDFALL_CODE-}
  unset WINDFALL_CODE WINDFALL_TOKEN WINDFALL_URL
  command -v curl >/dev/null 2>&1 || fail 'curl is missing'
  [ -n "${HOME-}" ] && [ -w "$HOME" ] || fail "the home folder (${HOME-none}) cannot be written"
  folder=$HOME/.local/share/windfall/cli bin=$HOME/.local/bin undo= made_release= made_local= made_share=
  link=$bin/windfall
  before=$(readlink "$link" 2>/dev/null) || before=
  case $before in
    "$folder"/*) ;;
    *) [ ! -e "$link" ] && [ ! -L "$link" ] || fail "$link is there already, and is not from an install like this one. Move it away first" ;;
  esac
  platform=$(platform) || fail "there is no runtime for $(uname -sm), only for Linux (x64, arm64) and Macs with Apple silicon"
  check_code
  list=$(fetch "/v1/install/$platform" -s) || fail "the server cannot give its files for $platform"
  release=$(printf '%s\n' "$list" | sed -n 's/^release \([A-Za-z0-9.-]*\)$/\1/p')
  bytes=$(printf '%s\n' "$list" | awk '/^file /{ sum += $4 } END { print int(sum / 1e6) }')
  [ -n "$release" ] || fail 'the server did not say which release it is'

  say "This installs Windfall's command line from $url:"
  say "  $folder    the program and a Node of its own ($bytes MB)"
  say "  $link    a link to it"
  [ -z "$code" ] || say "  $HOME/.config/windfall    your login, readable by you alone"
  say 'No admin rights are needed, and nothing else is changed.'

  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  umask 077
  [ -e "$HOME/.local" ] || made_local=yes
  [ -e "$HOME/.local/share" ] || made_share=yes
  mkdir -p "$folder"
  (umask 022 && mkdir -p "$bin")
  remove_abandoned
  [ -d "$folder/$release" ] || place_release
  if [ -n "$code" ]; then
    [ -L "$link" ] || undo=yes
    place_link
    # The code goes over a pipe: it is in no process's arguments.
    printf '%s\n' "$code" | NODE_COMPILE_CACHE='' "$link" login "$url" --fingerprint "$fingerprint" || exit 2
    undo=
  else
    place_link
    say "Log in with: windfall login '$url#$fingerprint'"
  fi
  for old in "$folder"/*; do
    case $old in */new-* | "$folder/$release") ;; *) rm -rf "$old" ;; esac
  done
  say
  say 'Windfall is installed. In a folder of yours: windfall send -- python train.py'
  say_path
  say
  say "To undo all of it: $link uninstall"
}

main
