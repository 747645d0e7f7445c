import { WindfallError } from "../protocol/errors.ts"
import type { ServerId } from "../protocol/ids.ts"
import { type ChildExit, ChildLink } from "./child-link.ts"
import { sshArguments } from "./ssh-arguments.ts"
import { type SshCaller, sshFailure } from "./ssh-failure.ts"
import type { SshSettings, SshTarget } from "./ssh-settings.ts"

/** A way to run /bin/sh on a host. */
export interface HostShell {
  /** The host, for people. */
  readonly name: string
  /**
   * Starts a shell that reads its commands from the link. Returns at once; whether it gets there shows on the link.
   * @throws {WindfallError} invalid_input for an address or a key that cannot be one
   */
  open(): ChildLink
  /** Why a shell ended before it said what it should. */
  explain(exit: ChildExit): WindfallError
}

/** Runs in any login shell (sh, zsh, fish, csh): the words mean the same in all of them. */
const REMOTE_COMMAND = "exec /bin/sh -s"

/** What a server's shells on a host are called by `ps`, so that whoever tidies up there finds them. */
export function shellName(server: ServerId): string {
  return `windfall-${server}`
}

/** A shell at the end of one ssh child of its own. @param server whose it is, by which it is known there */
export function sshShell(
  settings: SshSettings,
  target: SshTarget,
  caller: SshCaller,
  server: ServerId | null = null,
): HostShell {
  const command = server === null ? REMOTE_COMMAND : `${REMOTE_COMMAND} ${shellName(server)}`
  return {
    name: target.address,
    open: () => new ChildLink(settings.program, sshArguments(settings, target, command)),
    explain: (exit) => sshFailure(exit, target.address, caller),
  }
}

/** A shell on the server's own machine, for a host that is that machine. */
export function localShell(): HostShell {
  return {
    name: "this machine",
    open: () => new ChildLink("/bin/sh", ["-s"]),
    explain: ({ code, signal, stderr }) =>
      new WindfallError(
        "host_unreachable",
        `Cannot run /bin/sh on this machine: it ended with ${signal ?? code}${stderr === "" ? "" : ` (${stderr.trim().slice(-300)})`}`,
      ),
  }
}
