# Takes Windfall off this account. As `sh ~/.windfall/leave` by the host's owner: all of it, of every server. From a server, with
# wf_server set before these lines: all of that server. Killed half-way, a second run does the rest.
# POSIX sh and Perl, for macOS's and Linux's alike; one compound command, read to its end before it does anything, as it
# removes its own file.
{
PATH=/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin
export PATH
unset CDPATH ENV BASH_ENV LD_PRELOAD DYLD_INSERT_LIBRARIES PERL5OPT PERL5LIB
LC_ALL=C; export LC_ALL
umask 077
server=${wf_server-}
MOST_GRACE_S=60     # what a job may take to end that asked for longer
SWEEP_S=12          # what its supervisor may take after that
FETCH_S=${wf_fetch_s-20} # what servers get to fetch the results of jobs that have ended
STEPS=5             # looks a second

# To a server in its own words, to a person in theirs.
say() { [ -z "$server" ] || printf '%s %s\n' "$wf_mark" "$*"; }
tell() { [ -n "$server" ] || printf '%s\n' "$*"; }
fail() { say fail "left_over $*"; tell "$*"; exit 1; }
went() { say went "$1" "$2"; if [ "$1" -eq 0 ]; then tell "  $2"; else tell "  $2 ($(size_text "$1"))"; fi; }
size_text() { awk -v kb="$1" 'BEGIN { if (kb < 1000) print kb " KB"; else if (kb < 1e6) printf "%.0f MB\n", kb / 1000; else printf "%.1f GB\n", kb / 1e6 }'; }
kb_of() { for path; do [ -e "$path" ] && du -sk "$path" </dev/null 2>/dev/null; done | awk '{ kb += $1 } END { print kb + 0 }'; }
# A server gives up on a host that says nothing; large folders take long.
patiently() {
  "$@" </dev/null &
  looks=0
  while kill -0 $! 2>/dev/null; do
    sleep 0.05
    looks=$((looks + 1))
    [ $((looks % 100)) -ne 0 ] || say alive
  done
  wait $!
}
# Jobs have this account: one may have closed folders, or made files unchangeable.
gone() {
  [ ! -e "$1" ] && [ ! -L "$1" ] && return 0
  patiently rm -rf "$1" 2>/dev/null
  [ ! -e "$1" ] && [ ! -L "$1" ] && return 0
  [ ! -x /usr/bin/chflags ] || patiently chflags -R nouchg "$1" 2>/dev/null
  for again in 1 2 3 4 5 6 7 8; do
    patiently chmod -R u+rwX "$1" 2>/dev/null
    patiently rm -rf "$1" && return 0
  done
  return 1
}
@key_file@

if [ -n "$server" ]; then
  printf '\n'
  case $wf_root in /*) root=$wf_root ;; *) root=$HOME/$wf_root ;; esac
  bases=$root/servers/$server
  # A copy of that server's data folder may have the host by now: then what is here is that one's.
  if [ -f "$bases/holder" ] && ! grep -q "\"$wf_place\"" "$bases/holder"; then say elsewhere; exit 0; fi
else
  case $0 in */*) root=${0%/*} ;; *) root=. ;; esac
  root=$(cd "$root" && pwd) || exit 1
  [ -d "$root/servers" ] || [ -e "$root/leaving" ] || [ -d "$root/runtime" ] || fail "$root is not Windfall's folder: nothing was done"
  chmod u+rwx "$root" "$root/servers" 2>/dev/null
  bases=$root/servers/*
fi
for folder in "$root/servers" $bases; do
  [ -d "$folder" ] && [ ! -L "$folder" ] && chmod u+rwx "$folder" "$folder/attempts" "$folder/run" 2>/dev/null
done
# The folder may be a link to a disk with more room: then what it leads to is emptied, and goes where it may.
leads=
[ ! -L "$root" ] || leads=$(cd "$root" && pwd -P)
gone_root() {
  [ -z "$leads" ] || { gone "$leads/leave" && gone "$leads/leaving" && { rmdir "$leads" 2>/dev/null || [ -z "$(ls -A "$leads" 2>/dev/null)" ]; }; } || return 1
  gone "$root"
}
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.bootsessionuuid)
keys=$HOME/.ssh/authorized_keys

# The folders of attempts that run, or whose tree is not swept. The record of one of another boot names nobody.
running() {
  for base in $bases; do
    for attempt in "$base"/attempts/*; do
      [ -f "$attempt/record" ] && [ ! -f "$attempt/swept" ] && grep -q " $boot " "$attempt/record" && [ -n "$(processes_of "$attempt")" ] && printf '%s\n' "$attempt"
    done
  done
}
# Supervisor and command of an attempt, those of the numbers in its record that are its own.
processes_of() {
  set -- $(sed -n 's/^windfall-record 1 \([^ ]*\) [^ ]* [^ ]* \([0-9]*\) .*/\1 \2/p; s/^child \([0-9]*\)$/\1/p' "$1/record")
  [ -n "${2-}" ] || return 0
  ps -ww -o command= -p "$2" 2>/dev/null | grep -q -e "windfall supervisor $1" -e perl && printf '%s\n' "$2"
  [ -z "${3-}" ] || { kill -0 "-$3" 2>/dev/null && printf '%s\n' "-$3"; }
}
field() { sed -n "s/.*\"$2\":\"\{0,1\}\([A-Za-z0-9]*\).*/\1/p" "$1/order.json" 2>/dev/null | head -n 1; }
# Who comes while this runs, and a second run, learn from it whose this was.
note_leaving() { printf '%s\n' "$ids" >"$root/leaving.new" && mv -f "$root/leaving.new" "$root/leaving"; }
write_stop() { printf '%s %s %s .\n' "${signal:-15}" "${grace:-10000}" "${wf_cause-owner_policy}" >"$1/stop.leave" && mv -f "$1/stop.leave" "$1/stop"; }
# As the agent asks: the request is on the disk before the signal. Who asked first stays the one who did.
ask() {
  signal=$(perl -MPOSIX -e 'my ($name) = @ARGV; no strict "refs"; print &{"POSIX::$name"}()' "$(field "$1" stopSignal)" </dev/null 2>/dev/null)
  grace=$(field "$1" graceMs)
  [ "${grace:-0}" -le $((MOST_GRACE_S * 1000)) ] 2>/dev/null || grace=$((MOST_GRACE_S * 1000))
  if [ ! -f "$1/stop" ]; then
    write_stop "$1" || { rm -f "$root"/servers/*/run/ballast; write_stop "$1"; } || rm -f "$1/stop.leave"
  fi 2>/dev/null
  set -- $(processes_of "$1")
  case ${1-} in
  '') ;;
  -*) kill -TERM "$1" ;; # its supervisor is gone
  *)
    # On a full disk nobody can be told how: then the command itself is told to end.
    if [ -f "$attempt/stop" ]; then kill -USR1 "$1"; kill -CONT "$1"; else [ -z "${2-}" ] || { kill -TERM "$2"; kill -CONT "$2"; }; fi
    ;;
  esac
}
asked=
ask_once() {
  case "$asked " in *" $1 "*) return ;; esac
  tell "asking job $(field "$1" job) to end"
  asked="$asked $1"
  ask "$1"
}
# Agents and their forkers, by what they were started as.
agents() {
  table=$(ps -axww -o pid=,command= 2>/dev/null)
  for id in $ids; do
    printf '%s\n' "$table" | awk -v id="$id" -v root="$root/" 'index($0, id) && index($0, root) && (index($0, "agent.mjs") || index($0, "perl")) { print $1 }'
  done
}
# What has left its job's tree carries its token in its environment, or has its working folder; an agent that was there has ended it by now.
strays() {
  table=
  [ -d /proc/self ] || table=$(ps -axwwEo pid=,command= 2>/dev/null; lsof -a -w -d cwd -u "$(id -u)" -Fpn 2>/dev/null | awk '/^p/ { pid = substr($0, 2) } /^n/ { print pid, substr($0, 2) "/" }')
  for base in $bases; do
    for attempt in "$base"/attempts/*; do
      id=$(sed -n "s/^windfall-record 1 \([^ ]*\) [^ ]* $boot .*/\1/p" "$attempt/record" 2>/dev/null)
      [ -n "$id" ] || continue
      if [ -d /proc/self ]; then grep -lsF "WINDFALL_ATTEMPT=$id" /proc/[0-9]*/environ | sed 's,^/proc/,,; s,/environ$,,'
      else printf '%s\n' "$table" | awk -v id="$id" -v folder="$attempt/" 'index($0, id) || index($0, folder) { print $1 }'; fi
    done
  done | sort -u | grep -vx -e "$$" -e "$PPID"
}
count() { printf '%s\n' "$1" | grep -c .; }

if [ -z "$server" ]; then
  case $#${1-} in
  0 | 1--yes) ;;
  *) echo "It takes --yes, and nothing else: then it does not ask. Nothing was changed."; exit 2 ;;
  esac
  echo "Windfall leaves this account ($(id -un)):"
  jobs=$(count "$(running)")
  [ "$jobs" -eq 0 ] || echo "  jobs that run here now are asked to end, and go on elsewhere: $jobs"
  echo "  the folder $root goes, with all that is in it ($(size_text "$(kb_of "$root/.")"))"
  echo "  the lines of its servers go from ~/.ssh/authorized_keys; nothing else there is touched"
  if [ "${1-}" != --yes ]; then
    printf 'Go on? Type yes: '
    read -r answer || answer=
    case $answer in yes | y | Yes | YES) ;; *) echo "Nothing was changed."; exit 2 ;; esac
  fi
  # Who is connected is told, and who connects finds this: no server begins anything here any more.
  ids=$(
    for base in $bases; do id=${base##*/}; [ "$id" = '*' ] || printf '%s\n' "$id"; done
    sed -n 's/.*"server":"\(s[0-9a-z]*\)".*/\1/p' "$root/claim" 2>/dev/null
    cat "$root/leaving" "$root/forgotten" 2>/dev/null
  )
  ids=$(printf '%s\n' "$ids" | sort -u)
  if ! note_leaving; then
    # What agents keep for a full disk, and what was on its way here: no job needs either.
    rm -rf "$root"/servers/*/run/ballast "$root/incoming" "$root/leaving.new" 2>/dev/null
    note_leaving || : >"$root/leaving" # an empty file may need no room
  fi 2>/dev/null
  for attempt in $(running); do ask_once "$attempt"; done
  for agent in $(agents); do ps -ww -o command= -p "$agent" | grep -q agent.mjs && kill -USR2 "$agent" 2>/dev/null; done
else
  ids=$server
fi

looks=0 limit=$(((MOST_GRACE_S + SWEEP_S) * STEPS))
while left=$(running) && [ -n "$left" ]; do
  for attempt in $left; do
    ask_once "$attempt"
    # Past its grace the supervisor itself should have; then it is done without asking.
    [ "$looks" -lt "$limit" ] || for process in $(processes_of "$attempt"); do kill -KILL "$process" 2>/dev/null; done
  done
  [ "$looks" -lt $((limit + 10 * STEPS)) ] || fail "These do not end: $(for attempt in $left; do processes_of "$attempt"; done | tr '\n' ' ')"
  looks=$((looks + 1))
  [ $((looks % 25)) -ne 0 ] || say alive
  sleep 0.2
done
# What has ended is fetched by a server that is there, and its folder goes with that.
looks=0
while [ "$looks" -lt $((FETCH_S * STEPS)) ] && [ -n "$(agents)" ] && ls -d $root/servers/*/attempts/[0-9]* >/dev/null 2>&1; do
  looks=$((looks + 1))
  [ $((looks % 25)) -ne 0 ] || say alive
  sleep 0.2
done
looks=0
while pids=$(agents) && [ -n "$pids" ]; do
  signal=TERM
  [ "$looks" -lt $((3 * STEPS)) ] || signal=KILL
  for pid in $pids; do kill -$signal "$pid" 2>/dev/null; done
  [ "$looks" -lt $((10 * STEPS)) ] || fail "These do not end: $(printf '%s ' $pids)"
  looks=$((looks + 1))
  sleep 0.2
done

looks=0
while pids=$(strays) && [ -n "$pids" ]; do
  signal=TERM
  [ "$looks" -lt $STEPS ] || signal=KILL
  for pid in $pids; do kill -$signal "$pid" && kill -CONT "$pid"; done 2>/dev/null
  [ "$looks" -lt $((6 * STEPS)) ] || fail "These do not end: $(printf '%s ' $pids)"
  looks=$((looks + 1))
  sleep 0.2
done

tell "Gone:"
remove() {
  text=$1; shift
  kb=$(kb_of "$@") any=
  for path; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    any=yes
    gone "$path" || fail "Cannot remove $path: $(rm -rf "$path" 2>&1 | head -n 1)"
  done
  [ -z "$any" ] || went "$kb" "$text"
}
for base in $bases; do
  [ -e "$base" ] || continue
  remove "folders of jobs" "$base/attempts" "$base/trash"
  remove "caches" "$base/cache"
  # There is room for it by now, and what it says is in these folders' names.
  [ -n "$server" ] || [ -s "$root/leaving" ] || note_leaving 2>/dev/null
  remove "stored data" "$base/data"
  remove "Python environments and downloads" "$base/environments" "$base/shared"
  remove "home folders of those who sent jobs" "$base/homes"
  remove "the server's notes" "$base"
done
if [ -n "$server" ]; then
  rm -f "$root"/incoming/*."$server" "$root"/claim.[0-9]*
  ! grep -q "\"$server\"" "$root/claim" 2>/dev/null || rm -f "$root/claim"
  rmdir "$root/incoming" "$root/servers" 2>/dev/null
fi
# Another server's folder keeps what both use.
shared=
for other in "$root"/servers/*; do [ ! -e "$other" ] || shared=yes; done
if [ -z "$shared" ]; then
  remove "Node and the agent" "$root/runtime" "$root/agent" "$root/incoming" "$root/.metadata_never_index"
  set --
  for path in "$root"/* "$root"/.[!.]*; do
    case ${path##*/} in leave | leaving | '*' | '.[!.]*') ;; *) set -- "$@" "$path" ;; esac
  done
  remove "all else in $root" "$@"
  # For Finder. Where another account made the folder, what is this one's in it goes. What others have put there must keep nobody here.
  finder=/Users/Shared/Windfall
  set --
  if [ -L "$finder" ]; then :
  elif [ -O "$finder" ]; then set -- "$finder"
  else
    for name in Now.txt "Last 30 days.txt" "Pause 2 hours.command" "Not today.command" Resume.command "Leave the pool.command" .requests; do
      [ -L "$finder/$name" ] || [ ! -O "$finder/$name" ] || set -- "$@" "$finder/$name"
    done
  fi
  kb=$(kb_of "$@") stays=
  for path; do gone "$path" 2>/dev/null || stays="$stays $path"; done
  [ "$#" -eq 0 ] || went "$kb" "the owner's folder${stays:+, but for what cannot be removed:$stays}"
  # What the agent found in that folder's place and moved aside was put there by a job, or by the owner where jobs have her account. A link, a
  # pipe, an empty file: nobody loses anything by it. What has a content is nobody's but theirs.
  kept=
  for path in "$finder (moved "[1-9]")"; do
    own="-prune -user $(id -u)"
    if [ -n "$(find "$path" $own ! -type d \( ! -type f -o -size 0 \) 2>/dev/null)" ]; then rm -f "$path" 2>/dev/null
    elif [ -n "$(find "$path" $own 2>/dev/null)" ]; then kept="$kept '$path'"
    fi
  done
  [ -z "$kept" ] || tell "Kept, as it is not Windfall's, and may be somebody's:$kept"
fi

# For a server the way back in goes last, for the owner the file that begins anew.
[ -z "$server" ] || [ -n "$shared" ] || gone_root || fail "Cannot remove $root"
# The key lines, by their server's name behind the key (in short where somebody copied the key's file), or by the key itself.
mine() { for id in $ids; do printf ' windfall %s$\n windfall-%.8s$\n' "$id" "$id"; done; [ -z "${wf_key-}" ] || printf ' %s$\n %s \n' "$wf_key" "$wf_key"; }
patterns=
[ "${wf_keys-yes}" = no ] || patterns=$(mine)
if [ -n "$patterns" ]; then
  lines=$(grep -c -e "$patterns" "$keys" 2>/dev/null)
  # Also where there is none: what a run left that was killed goes too.
  why=$(drop_keys -e "$patterns") || { why=${why#refused }; fail "Cannot take the key lines out of $keys: ${why%% | *}. ${why##* | }"; }
  [ "${lines:-0}" -eq 0 ] || went 0 "key lines in ~/.ssh/authorized_keys: $lines"
fi
[ -n "$shared" ] || gone_root || fail "Cannot remove $root"

# The proof: a look at all that there was.
rest=
if [ -n "$server" ]; then [ ! -e "$root/servers/$server" ] || rest="$rest $root/servers/$server"; fi
[ -n "$shared" ] || [ ! -e "$root" ] || rest="$rest $root"
[ -z "$patterns" ] || ! grep -q -e "$patterns" "$keys" 2>/dev/null || rest="$rest $keys"
[ -z "$patterns" ] || for path in "$keys".windfall*; do [ ! -e "$path" ] || rest="$rest $path"; done
[ -z "$(agents)" ] || rest="$rest processes: $(printf '%s ' $(agents))"
[ -z "$rest" ] || fail "This is still there:$rest"
say clean "$shared"
tell "Looked again: nothing of Windfall is left here. Its servers will not join this account again by themselves."
exit 0
}
