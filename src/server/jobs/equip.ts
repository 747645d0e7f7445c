import { toWindfallError } from "../../protocol/errors.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import type { Tried } from "./job-table.ts"

/**
 * Puts uv on the host of an attempt that needs it, and says so there; or why it cannot be had, which ends the attempt. Never throws.
 * A link that breaks meanwhile ends it silently: the attempt is started again when it is back.
 */
export async function equip(core: Core, channel: HostChannel, { attempt }: Tried): Promise<void> {
  const { id, sequence } = attempt
  const signal = core.fleet.linkSignal(channel)
  try {
    await channel.putUv({ signal })
    if (!signal.aborted) channel.send([{ type: "supplied", attempt: id, sequence }])
  } catch (thrown) {
    if (signal.aborted) return
    const { message, hint } = toWindfallError(thrown, "send uv to the host")
    const text = hint === undefined ? message : `${message}. ${hint}`
    channel.send([{ type: "unsupplied", attempt: id, sequence, message: text }])
  }
}
