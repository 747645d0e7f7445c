import { HOST_UID, type HostPlan, insideFolder, sshdIn } from "./host-setup.ts"
import { MAC_ROOT } from "./mac/mac-root.ts"

/** What a host's first process runs: its sshd. `ownAccount`: real root is here to become the host's account. */
export function sshdCommand(plan: HostPlan, ownAccount: boolean): string[] {
  const sshd = sshdIn(plan)
  const env = ["/usr/bin/env", "-i", ...(sshd.libraryPath === null ? [] : [`LD_LIBRARY_PATH=${sshd.libraryPath}`])]
  return [...asAccount(plan, ownAccount), ...env, sshd.path, "-D", "-e", "-f", `${insideFolder(plan)}/sshd_config`]
}

/**
 * sshd runs as the host's account, never as root: a plain user's sshd serves just that user and needs nothing. A Mac's has that
 * Mac's file tree for its root; a plain user's gets that last, as there is no /proc then to write the account's number to.
 */
function asAccount({ kind, apart }: HostPlan, ownAccount: boolean): string[] {
  if (!apart) return []
  const isMac = kind === "mac"
  if (ownAccount) {
    const enter = isMac ? ["/usr/sbin/chroot", MAC_ROOT, "/mnt/bin/setpriv"] : ["/usr/bin/setpriv"]
    return [...enter, `--reuid=${HOST_UID}`, `--regid=${HOST_UID}`, "--clear-groups"]
  }
  const root = isMac ? ["--root", MAC_ROOT] : []
  return ["/usr/bin/unshare", "--user", `--map-user=${HOST_UID}`, `--map-group=${HOST_UID}`, ...root]
}
