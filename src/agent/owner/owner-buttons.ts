import { OWNER_BUTTONS } from "../../presence/owner-folder.ts"
import { REQUEST_FOLDER } from "../../protocol/owner-request.ts"

/** How often, a second apart, a button looks for its answer. */
const LOOKS = 5

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
ask '"verb":"leave"'
`),
  }
}

function script(body: string): string {
  return `#!/bin/sh\n# Of Windfall: Now.txt says what it is.\n${body}`
}

function asking(folder: string): string {
  return `requests=${quoted(`${folder}/${REQUEST_FOLDER}`)}
umask 022
ask() {
  seconds=$(/bin/date +%s)
  id=$seconds-$$
  printf '{"windfall":1,"id":"%s","at":%s000,%s}\\n' "$id" "$seconds" "$1" >"$requests/.$id" &&
    /bin/mv -f "$requests/.$id" "$requests/$id.request" || { echo 'Cannot ask Windfall: it is not on this Mac any more.'; exit 1; }
  looks=0
  while [ ! -r "$requests/$id.said" ]; do
    looks=$((looks + 1))
    [ -d "$requests" ] || { echo 'Windfall is not on this Mac any more.'; exit 0; }
    [ $looks -le ${LOOKS * 5} ] || { echo 'No job runs here now. It holds as soon as Windfall is connected again.'; exit 0; }
    /bin/sleep 0.2
  done
  /bin/cat "$requests/$id.said"
}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
