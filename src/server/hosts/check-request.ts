import { isAbsolute } from "node:path"
import type { HostAddRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { checkAddress, checkHostKey } from "../../ssh/ssh-arguments.ts"
import type { HostRecord } from "../../store/host-record.ts"
import { leftText } from "../fleet/who-left.ts"
import type { Hello, HostsContext } from "./host-channel.ts"
import { LOCAL } from "./host-name.ts"

type Known = Pick<HostsContext, "hosts" | "checkName">

/** What of a request to join can be refused before the machine is asked. @throws {WindfallError} */
export function checkRequest(known: Known, { address, hostKey }: HostAddRequest, name: string | null): void {
  if (name !== null) known.checkName(name)
  if (address.startsWith(LOCAL)) {
    if (!isAbsolute(address.slice(LOCAL.length))) {
      throw new WindfallError("invalid_input", `Cannot add ${address}: write local: and an absolute folder`)
    }
    checkNew(known, (host) => host.address === address, address)
    return
  }
  checkAddress(address)
  checkHostKey(hostKey)
}

/** One machine under two names would be given twice the jobs it can take. @throws {WindfallError} name_taken, host_left */
export function checkNew(known: Known, isSame: (host: HostRecord) => boolean, address: string): void {
  const host = known.hosts().find(isSame)
  if (host === undefined) return
  const { name, leaving } = host
  if (leaving?.phase === "left") {
    throw new WindfallError("host_left", `Cannot add ${address}: it was ${name}, and ${leftText(host)}`, {
      hint: `If it is to join again, first: windfall host rm ${name}`,
    })
  }
  const isMoved = host.address !== address && !address.startsWith(LOCAL)
  throw new WindfallError("name_taken", `Cannot add ${address}: it is in the pool already, as ${name}`, {
    hint: isMoved
      ? `If it is reached there from now on: windfall host set ${name} --address ${address}   If not, its disk is a copy of that one's: give it a host key of its own`
      : `windfall host show ${name}`,
    details: isMoved ? { host: name } : {},
  })
}

/**
 * A Mac has what it is named by from the factory, so one that has another host key than before is still the same.
 * @throws {WindfallError} name_taken, naming the host that it is
 */
export function checkNewMachine(known: Known, { facts, machine }: Hello, address: string): void {
  if (machine === undefined || facts.platform !== "darwin") return
  const host = known.hosts().find((one) => one.machine === machine)
  if (host === undefined) return
  const { name } = host
  throw new WindfallError("name_taken", `Cannot add ${address}: it is the Mac that is in the pool as ${name}`, {
    hint: `If it was set up anew, or is reached there now: windfall host set ${name} --address ${address}`,
    details: { host: name },
  })
}
