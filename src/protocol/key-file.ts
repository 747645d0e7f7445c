/**
 * Functions for POSIX sh with Perl that change an account's authorized_keys. The file is replaced at once or not at all, as others may
 * depend on it to get in; its mode and its folder's stay, except that nobody else may write there, which sshd refuses. A
 * link stays one: what it leads to is replaced. Each prints one line: `added`, `there` or `refused REASON | WHAT TO TYPE`.
 *
 * - `add_key LINE KEY FROM` puts LINE in, in place of every other line with KEY; bound to the address FROM where that is not empty.
 * - `drop_keys GREP_ARGUMENTS...` takes the lines out that grep finds; a file that is empty then goes, and an empty folder.
 */
export const KEY_FILE = `mode_of() { perl -e 'printf "%o", (stat shift)[2] & 07755' "$1" </dev/null; }
refuse() { printf 'refused %s | %s\\n' "$1" "$2"; return 1; }
find_keys() {
  keys=$HOME/.ssh/authorized_keys
  real=$keys hops=0
  while [ -L "$real" ]; do
    hops=$((hops + 1))
    [ "$hops" -lt 20 ] && target=$(readlink "$real") || { refuse "~/.ssh/authorized_keys is a link to nowhere" "Move it away: mv ~/.ssh/authorized_keys ~/.ssh/authorized_keys.old"; return 1; }
    case $target in /*) real=$target ;; *) real=\${real%/*}/$target ;; esac
  done
  key_folder=\${real%/*}
}
# The owner may have closed the folder; it is closed again.
open_folder() {
  folder_mode=
  [ ! -w "$key_folder" ] || [ ! -x "$key_folder" ] || return 0
  folder_mode=$(mode_of "$key_folder")
  chmod u+wx "$key_folder" 2>/dev/null || { folder_mode=; refuse "$key_folder cannot be written" "Make it this account's: sudo chown $(id -un) '$key_folder'"; }
}
close_folder() { [ -z "$folder_mode" ] || chmod "$folder_mode" "$key_folder"; }
# What was left half written by one that was killed.
sweep_keys() {
  for old in "$keys".windfall* "$real".windfall*; do
    [ ! -f "$old" ] || kill -0 "\${old##*.}" 2>/dev/null || rm -f "$old"
  done
}
# The command prints what the file is to hold.
replace_keys() {
  mode=600 new=$real.windfall.$$
  [ ! -e "$real" ] || mode=$(mode_of "$real")
  { "$@" >"$new" && chmod "$mode" "$new" && mv -f "$new" "$real"; } 2>/dev/null && return 0
  rm -f "$new"
  if [ "$(df -Pk "$key_folder" 2>/dev/null | awk 'END { print ($4 < 64) }')" = 1 ]; then
    refuse "$key_folder cannot be written: the disk is full" "Make room there: df -h '$key_folder' shows how much there is"
  else
    refuse "$key_folder cannot be written" "Make it this account's: sudo chown -R $(id -un) '$key_folder'"
  fi
}
without_keys() { grep -v "$@" -- "$real" || [ $? -eq 1 ]; }
with_key() { { [ ! -e "$real" ] || without_keys -F -e "$1"; } && printf '%s\\n' "$2"; }
add_key() {
  umask 077
  line=$1
  [ -z "$3" ] || line="from=\\"$3\\",$line"
  [ ! -e "$HOME/.ssh" ] || [ -d "$HOME/.ssh" ] || { refuse "~/.ssh is a file, and has to be a folder" "Move it away: mv ~/.ssh ~/.ssh.old"; return 1; }
  [ -d "$HOME/.ssh" ] || mkdir "$HOME/.ssh" 2>/dev/null || { refuse "the folder ~/.ssh cannot be made" "Open the home folder, and see that its disk is not full: chmod u+rwx ~; df -h ~"; return 1; }
  find_keys || return 1
  [ -d "$key_folder" ] || { refuse "~/.ssh/authorized_keys is a link to nowhere" "Move it away: mv ~/.ssh/authorized_keys ~/.ssh/authorized_keys.old"; return 1; }
  [ ! -d "$real" ] || { refuse "~/.ssh/authorized_keys is a folder, and has to be a file" "Move it away: mv ~/.ssh/authorized_keys ~/.ssh/authorized_keys.old"; return 1; }
  open_folder || return 1
  add_to_file "$2"
  added=$?
  close_folder
  [ $added -eq 0 ] || rmdir "$HOME/.ssh" 2>/dev/null
  return $added
}
add_to_file() {
  sweep_keys
  if [ -e "$real" ]; then
    [ -r "$real" ] || { refuse "~/.ssh/authorized_keys cannot be read" "Open it: sudo chown $(id -un) ~/.ssh/authorized_keys; chmod u+r ~/.ssh/authorized_keys"; return 1; }
    chmod go-w "$key_folder" "$real" 2>/dev/null
    if grep -qxF -e "$line" -- "$real"; then echo there; return 0; fi
  fi
  replace_keys with_key "$1" "$line" || return 1
  echo added
}
drop_keys() {
  umask 077
  find_keys || return 1
  [ -d "$key_folder" ] || return 0
  open_folder || return 1
  drop_from_file "$@"
  dropped=$?
  close_folder
  # With nothing in it, it was made for the line that is gone.
  [ -L "$HOME/.ssh" ] || rmdir "$HOME/.ssh" 2>/dev/null
  return $dropped
}
drop_from_file() {
  sweep_keys
  [ -f "$real" ] || return 0
  grep -q "$@" -- "$real" 2>/dev/null
  case $? in
  0) ;;
  1) return 0 ;;
  *) refuse "~/.ssh/authorized_keys cannot be read" "Open it: chmod u+r ~/.ssh/authorized_keys"; return 1 ;;
  esac
  if [ -L "$keys" ] || grep -qv "$@" -- "$real"; then replace_keys without_keys "$@"; else rm -f "$real"; fi
}
`
