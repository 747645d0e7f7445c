import { isAbsolute } from "node:path"
import type { HostAddRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { checkAddress, checkHostKey } from "../../ssh/ssh-arguments.ts"
import type { HostRecord } from "../../store/host-record.ts"
import type { HostsContext } from "./host-channel.ts"
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
    throw new WindfallError(
      "host_left",
      `Cannot add ${address}: it was ${name}, and its owner has taken it out of the pool`,
      {
        hint: `If it is to join again, first: windfall host rm ${name}`,
      },
    )
  }
  throw new WindfallError("name_taken", `Cannot add ${address}: it is in the pool already, as ${name}`, {
    hint: `windfall host show ${name}`,
  })
}
