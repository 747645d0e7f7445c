import { HOST_UID, type HostPlan } from "./host-setup.ts"
import { MAC_ROOT } from "./mac/mac-root.ts"

/**
 * What runs a host's sshd as its account, never as root: a plain user's sshd serves just that user and needs nothing. A Mac's has that
 * Mac's file tree for its root; a plain user's gets that last, as there is no /proc then to write the account's number to.
 * @param isOwnAccount whether the host has another account than the lab's
 */
export function asAccount({ kind, apart }: HostPlan, isOwnAccount: boolean): string[] {
  if (!apart) return []
  const isMac = kind === "mac"
  if (isOwnAccount) {
    const setpriv = isMac ? ["/usr/sbin/chroot", MAC_ROOT, "/mnt/bin/setpriv"] : ["/usr/bin/setpriv"]
    return [...setpriv, `--reuid=${HOST_UID}`, `--regid=${HOST_UID}`, "--clear-groups"]
  }
  const root = isMac ? ["--root", MAC_ROOT] : []
  return ["/usr/bin/unshare", "--user", `--map-user=${HOST_UID}`, `--map-group=${HOST_UID}`, ...root]
}
