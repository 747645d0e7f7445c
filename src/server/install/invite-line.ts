import type { OpenReach } from "./reach.ts"

/**
 * The line an invited person pastes: it fetches a script of this server, from this server alone, and runs it. The
 * certificate is checked by its key, so `-k` switches off nothing that counts; `--noproxy`, because a lab's machines are not
 * behind its proxy. The code is a variable: it is in no process's arguments.
 * @param script the script's path
 */
export function inviteLine(reach: OpenReach, script: string, code: string): string {
  return `curl -fsSk --noproxy '*' --pinnedpubkey '${curlPin(reach)}' ${reach.url}${script} | WINDFALL_CODE=${code} sh`
}

/** The fingerprint as curl's `--pinnedpubkey` takes it. */
export function curlPin({ fingerprint }: OpenReach): string {
  return `sha256//${fingerprint.replace("SHA256:", "")}=`
}
