import { OWNER_BUTTONS } from "../../presence/owner-folder.ts"
import { REQUEST_FOLDER } from "../../protocol/owner-request.ts"

/** So many seconds a button waits for its answer. */
const WAIT_SECONDS = 5
/** So often, a second apart, it asks again when what it asked is gone and nothing was answered: a job may have taken it away. */
const TRIES = 8

/**
 * What lies in the owner's folder to be double-clicked, by name: POSIX sh, which Terminal runs as whoever double-clicks. Each writes a
 * request (protocol/owner-request.ts) and prints what the agent answers. They need nothing of Windfall's.
 *
 * @param folder the owner's folder
 * @param root where Windfall lies, with its script `leave`
 */
export function ownerButtons(folder: string, root: string): Readonly<Record<string, string>> {
  const ask = (wish: string) => script(`${asking(folder)}\nask '${wish}'\n`)
  return {
    [OWNER_BUTTONS.pause]: ask('"verb":"pause","end":"2h"'),
    [OWNER_BUTTONS.notToday]: ask('"verb":"pause","end":"today"'),
    [OWNER_BUTTONS.resume]: ask('"verb":"resume"'),
    [OWNER_BUTTONS.leave]: script(`${asking(folder)}
echo 'This ends all jobs on this Mac and removes Windfall from it. Results of jobs are kept where they go on.'
printf 'To do that, type yes: '
read -r answer
[ "$answer" = yes ] || { echo 'Nothing was changed.'; exit 0; }
if [ -O ${quoted(`${root}/leave`)} ]; then exec /bin/sh ${quoted(`${root}/leave`)} --yes; fi
leaving=yes
ask '"verb":"leave"'
`),
  }
}

function script(body: string): string {
  return `#!/bin/sh\n# Of Windfall: Now.txt says what it is.\n${body}`
}

/**
 * The shell's `ask WISH`. It prints what was answered. What it has written may be gone unread, and so may its answer or the whole folder, as
 * jobs of the account that the folder belongs to can do that: then it asks again, under another id, which changes nothing that was said.
 */
function asking(folder: string): string {
  return `requests=${quoted(`${folder}/${REQUEST_FOLDER}`)}
umask 022
leaving=no
put() {
  seconds=$(/bin/date +%s)
  id=$seconds-$$-$tries
  { printf '{"windfall":1,"id":"%s","at":%s000,%s}\\n' "$id" "$seconds" "$1" >"$requests/.$id"; } 2>/dev/null &&
    /bin/mv -f "$requests/.$id" "$requests/$id.request" 2>/dev/null
}
by_hand() {
  echo 'From elsewhere it can be said, too: windfall mac pause.'
  echo 'To stop all jobs by hand: System Settings, General, Sharing, turn off Remote Login; then restart this Mac.'
}
ask() {
  tries=0
  while [ $tries -lt ${TRIES} ]; do
    tries=$((tries + 1))
    if put "$1"; then
      looks=0
      while [ -e "$requests/$id.request" ] && [ ! -r "$requests/$id.said" ]; do
        looks=$((looks + 1))
        if [ $looks -gt ${WAIT_SECONDS * 5} ]; then
          echo 'Nobody answers. If no job runs here now, that is why, and it holds as soon as Windfall is connected again.'
          echo 'If one does run, try again in some seconds.'
          by_hand
          exit 0
        fi
        /bin/sleep 0.2
      done
      /bin/cat "$requests/$id.said" 2>/dev/null && exit 0
    fi
    [ $leaving = no ] || [ -d "$requests" ] || { echo 'Windfall is not on this Mac any more.'; exit 0; }
    /bin/sleep 1
  done
  echo 'Cannot ask Windfall just now: what is asked is taken away before it is read, or its folder is gone. Nothing was changed that is known of.'
  echo 'If Windfall was not removed from this Mac, try again in some seconds.'
  by_hand
  exit 1
}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
