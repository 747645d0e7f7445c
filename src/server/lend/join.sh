#!/bin/sh
# Lends this machine to the pool of a server. POSIX sh and Perl, because nothing else is sure to be there. All of it
# is one function: half a script does nothing. It asks at the terminal, as its own input is the script.
set -u
LC_ALL=C
export LC_ALL

url=@url@
pin=@pin@
line=@line@
key=@key@
oldest=@oldest@
made_account=@account@
make=@make@
server=@server@
take_back=@take_back@

say() { printf '%s\n' "$*" >/dev/tty; }
fail() {
  say
  say "Cannot lend this machine: $1"
  [ -z "${2-}" ] || say "  $2"
  exit 2
}
stopped() {
  say
  say "Stopped."
  exit "$1"
}
# The answer typed at the terminal, in small letters.
ask() {
  printf '%s ' "$1" >/dev/tty
  read -r answer </dev/tty || answer=
  answer=$(printf '%s' "$answer" | tr 'A-Z' 'a-z')
}
agreed() { case $answer in y | yes) return 0 ;; *) return 1 ;; esac; }

# This server alone, known by its certificate's key. What is sent comes on standard input: it is in no process's arguments.
post() { curl -sSk -N --noproxy '*' --pinnedpubkey "$pin" --max-time "$2" -H 'content-type: application/json' --data-binary @- "$url$1"; }
# A field of a refusal.
field() { printf '%s\n' "$2" | perl -ne 'BEGIN { $name = shift @ARGV } if (/"$name":"((?:[^"\\]|\\.)*)"/) { $text = $1; $text =~ s/\\(.)/$1/g; print $text }' "$1"; }
# Only what needs no quoting in JSON.
plain() { printf '%s' "$1" | tr -cd 'A-Za-z0-9 ._@:/+=-'; }
# Also once the window is closed, when there is no terminal to ask at.
as_account() { if [ "$account" = "$me" ]; then /bin/sh -c "$1"; else sudo -H -u "$account" /bin/sh -c "$1"; fi </dev/null; }

check_system() {
  case $(uname -s) in
  Darwin)
    [ "$(/usr/sbin/sysctl -n hw.optional.arm64 2>/dev/null || sysctl -n hw.optional.arm64)" = 1 ] || fail "it has no Apple silicon"
    version=$(sw_vers -productVersion)
    perl -e 'my ($have, $need) = map { [split /\./] } @ARGV; for (0 .. 2) { my $d = ($have->[$_] // 0) <=> ($need->[$_] // 0); exit($d < 0) if $d } exit 0' "$version" "$oldest" ||
      fail "it has macOS $version, and Windfall needs $oldest or newer"
    ;;
  Linux) ;;
  *) fail "its system is $(uname -s): Windfall takes Macs with Apple silicon, and Linux" ;;
  esac
}

# No admin rights are needed to see whether something listens.
remote_login() { perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 22, Timeout => 2)' 2>/dev/null; }
await_remote_login() {
  remote_login && return
  if [ "$(uname -s)" = Darwin ]; then
    say "Remote Login is off on this Mac, and the pool comes in by it."
    say "Switch it on in the window that opens (General > Sharing > Remote Login), then come back here."
    open 'x-apple.systempreferences:com.apple.Sharing-Settings.extension?Services_RemoteLogin' 2>/dev/null
  else
    say "No ssh server answers on this machine. Start one (as root: systemctl start ssh), then come back here."
  fi
  say "Waiting for it ... (Ctrl-C gives up, and changes nothing)"
  until remote_login; do sleep 1; done
  say "It is on."
}

# What makes this account somebody's own; nothing on Linux.
traits() {
  [ "$(uname -s)" = Darwin ] || return 0
  case " $(id -Gn) " in *' admin '*) echo "an administrator's account" ;; esac
  [ "$(stat -f %Su /dev/console 2>/dev/null)" != "$me" ] || echo "the account of who sits at its screen"
}

# Who lends it: who sits at its screen, or else who pasted the line.
lender() {
  [ "$(uname -s)" = Darwin ] && seated=$(stat -f %Su /dev/console 2>/dev/null) || seated=
  case $seated in '' | root | _*) seated=$me ;; esac
  [ "$seated" = root ] || printf '%s' "$seated"
}

choose_account() {
  account=$me consent=false
  owners=$(traits | head -n 1)
  [ -n "$owners" ] || return 0
  say
  say "You are $me here, $owners. Jobs of everybody in the pool could read and change what"
  say "you can: documents, mail, browser data, keys and passwords in files."
  say "Better: an account made for jobs, without admin rights and with nothing in it. These lines make it, as an administrator:"
  say
  say "$make"
  say
  say "  1  run these lines now (sudo asks for an administrator's password)"
  say "  2  let jobs run as $me all the same"
  say "  3  stop, and change nothing"
  ask "Which?"
  case $answer in
  1)
    # One that is there already may be somebody's: it is not changed.
    if id -u "$made_account" >/dev/null 2>&1; then say "There is an account $made_account already: it is taken as it is."; else /bin/sh -c "$make" </dev/tty >/dev/tty 2>&1; fi
    id -u "$made_account" >/dev/null 2>&1 || fail "the account $made_account was not made"
    account=$made_account
    ;;
  2) consent=true ;;
  *) say "Nothing was changed."; exit 2 ;;
  esac
}

host_key() {
  found=$(ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | sed -n 's/^[^ #]* \(ssh-ed25519 [A-Za-z0-9+/=]*\).*/\1/p' | head -n 1)
  [ -n "$found" ] || found=$(cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub 2>/dev/null)
  printf '%s' "$found"
}

# Puts the key line in, bound to an address or not. What it says tells what is this run's to take back.
note_put() {
  case $said in added* | there*) ;; *) return 0 ;; esac
  set -- $said
  [ "$1" = there ] || ours=$key
  before=${before:-$2}
}
put_key() {
  said=$(as_account "$take_back
let_in '$line' '$key' '$1' '$server'")
  note_put
  case $said in
  added* | there*) ;;
  'refused '*)
    said=${said#refused }
    fail "${said%% | *}" "${said##* | }${foreign:+ (as $account)}"
    ;;
  *) fail "the key could not be written into ~/.ssh/authorized_keys of $account" "Is that account's home folder there? ls -ld ~$account ~$account/.ssh" ;;
  esac
}
# Whatever it was that ended this before the machine was in the pool.
undo() {
  status=$?
  trap '' INT TERM HUP
  trap - EXIT
  note_put
  [ -z "$before" ] || {
    problem=$(as_account "$take_back
take_back '$ours' '$server' '$before'") && say "  All that was put here is taken back." || {
      problem=${problem#refused }
      say "  It could not all be taken back${problem:+ (${problem%% | *})}. Remove in this account ($account), if they are there:"
      [ "$before" != none ] || say "    the folder: rm -rf ~/.windfall"
      [ -z "$ours" ] || say "    the line that ends in windfall $server: nano ~/.ssh/authorized_keys"
    }
  }
  [ -z "$again" ] || say_whether_again
  exit "$status"
}
# A server that took this machine in at that very moment lets it go again, which takes it a moment.
say_whether_again() {
  for try in 1 2 3 4 5; do
    look=$(printf '{"code":"%s"}' "$(plain "$code")" | post /v1/lend/look 5 2>&1)
    case $look in *'it was used'*) sleep 1 ;; *) break ;; esac
  done
  case $look in
  *'it was used'*) say "  The server has this machine in its pool all the same: whoever keeps it can take it out (windfall host rm), and send a new line." ;;
  owner*) say "  The line can be pasted again, until it expires." ;;
  *) say "  The line can be pasted again, until it expires; should the server say then that it was used, ask for a new one." ;;
  esac
}

lend() {
  code=${WINDFALL_CODE-}
  unset WINDFALL_CODE
  me=$(id -un) name= before= said= ours= again=yes foreign=
  # Without a terminal nobody could be asked.
  (: </dev/tty >/dev/tty) 2>/dev/null || { echo "Cannot lend this machine: nobody is here to ask. Paste the line into Terminal" >&2; exit 2; }
  for program in curl perl; do command -v "$program" >/dev/null 2>&1 || fail "$program is missing"; done
  [ -n "$code" ] || fail "the line is not whole: its code is missing"
  check_system
  look=$(printf '{"code":"%s"}' "$(plain "$code")" | post /v1/lend/look 20 2>&1)
  case $look in
  owner*) owner=${look#owner } ;;
  '{'*) fail "$(field message "$look")" "$(field hint "$look")" ;;
  *) fail "the server at $url does not answer as it should ($look)" ;;
  esac

  say
  say "This lends the machine $(uname -n) to the lab's pool at $url${owner:+, as the one of $owner}."
  say "Jobs of colleagues then run here. What it does:"
  say "  - a key of that server goes into ~/.ssh/authorized_keys of one account. It may run commands as that account, and nothing else"
  say "  - the server puts a folder ~/.windfall there, with a Node of its own; jobs and their files stay in it"
  say "Nothing else is installed or changed, and one line undoes all of it: sh ~/.windfall/leave"
  ask "Go on? (yes or no)"
  agreed || { say "Nothing was changed."; exit 2; }
  await_remote_login
  choose_account
  hostkey=$(host_key)
  [ -n "$hostkey" ] || fail "its ssh server shows no ed25519 key"
  [ "$(uname -s)" != Darwin ] || name=$(scutil --get LocalHostName 2>/dev/null)

  [ "$account" = "$me" ] || foreign=yes
  # The last of the pipe cleans up: it is waited for.
  trap : INT TERM HUP
  printf '{"code":"%s","user":"%s","hostKey":"%s","name":"%s","consoleAccount":"%s","accountOfOwner":%s}' \
    "$(plain "$code")" "$(plain "$account")" "$(plain "$hostkey")" "$(plain "$name")" "$(lender)" "$consent" | post /v1/lend 900 2>&1 | follow
}

# The server says when the key is to be put in. That this has ended it is told by the connection's end; the code is good again then.
follow() {
  trap undo EXIT
  trap 'stopped 130' INT
  trap 'stopped 143' TERM HUP
  heard=
  # A refusal is a line without an end.
  while read -r word text || [ -n "$word" ]; do
    case $word in
    key)
      [ "$text" != - ] || text=
      put_key "$text"
      ;;
    busy) printf '\r  %-76.76s' "$text" >/dev/tty ;;
    step) printf '\r%78s\r  %s\n' '' "$text" >/dev/tty ;;
    done)
      trap - EXIT
      joined "$text"
      exit 0
      ;;
    failed) fail "${text%% | *}" "$(printf '%s' "$text" | sed -n 's/.* | //p')" ;;
    '{'*)
      again=
      fail "$(field message "$word $text")" "$(field hint "$word $text")"
      ;;
    *) heard="$word $text" ;;
    esac
  done
  fail "the connection to the server broke off${heard:+ ($heard)}" "Does the server run? Ask whoever keeps the pool"
}

joined() {
  say
  say "This machine is in the pool now, as $1. Thank you!"
  say "To take it back at any moment, without asking anybody:"
  if [ "$account" = "$me" ]; then
    say "  sh ~/.windfall/leave"
  else
    say "  sudo -H -u $account sh ~$account/.windfall/leave && sudo sysadminctl -deleteUser $account"
  fi
}

lend
