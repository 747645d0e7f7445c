import { createHash } from "node:crypto"
import { machineText } from "../protocol/machine.ts"

/** What names this machine to this server, and to no other. */
export function hashMachine(server: string, id: string): string {
  return createHash("sha256").update(machineText(server, id)).digest("hex")
}
