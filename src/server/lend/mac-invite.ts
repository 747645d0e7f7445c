import type { InviteView } from "../../protocol/api.ts"
import type { MacInviteRequest } from "../../protocol/lending.ts"
import type { Caller } from "../auth/accounts.ts"
import { createCode } from "../auth/codes.ts"
import type { Core } from "../core.ts"
import { checkHostName } from "../fleet/change-host.ts"

/** What a code for a machine carries. */
export type MacDetail = Pick<MacInviteRequest, "owner" | "name" | "fleet" | "labels">

/** Invites an owner to lend a machine, within a change. @throws {WindfallError} name_taken */
export function inviteMac(
  core: Core,
  request: MacInviteRequest,
  maker: Caller,
): InviteView & { readonly code: string } {
  const { owner, name, fleet, labels, expiresInMs } = request
  if (name !== null) checkHostName(core, name)
  const detail: MacDetail = { owner, name, fleet, labels }
  return createCode(core, { purpose: "mac", about: owner ?? "somebody", detail, expiresInMs }, maker)
}
