import type { DoctorFinding } from "../../protocol/api.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { lookThere } from "./check-owner.ts"

/** Whether a Mac has the account that is said to be its owner's; nothing where none was named, or where nobody is looked for. */
export async function accountFinding(host: FleetHost, signal: AbortSignal): Promise<DoctorFinding[]> {
  const { channel, record } = host
  const { name: subject, consoleAccount: account, facts } = record
  if (account === null || channel === null || facts?.platform !== "darwin") return []
  const look = await lookThere(channel, account, signal)
  const code = "console_account"
  switch (look.found) {
    case "there":
      return [{ subject, code, level: "ok", text: `${account}, its owner's account, is there`, fix: null }]
    case "missing": {
      const text = `it has no account ${account}, which is said to be its owner's: who sits at it cannot set its rules`
      const fix = `windfall host set ${subject} --console-account ${look.nearest ?? "ACCOUNT"}`
      return [{ subject, code, level: "warning", text, fix }]
    }
    case "unknown": {
      const text = `whether it has the account ${account}, which is said to be its owner's, could not be told: ${look.reason}`
      return [{ subject, code, level: "unknown", text, fix: null }]
    }
  }
}
