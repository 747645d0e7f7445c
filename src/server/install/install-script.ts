import { readFileSync } from "node:fs"
import { join } from "node:path"
import { curlPin } from "./invite-line.ts"
import type { OpenReach } from "./reach.ts"

const TEMPLATE = join(import.meta.dirname, "install.sh")

/** The script that installs the command line from this server. */
export function installScript(reach: OpenReach): string {
  const { url, fingerprint } = reach
  const values: Readonly<Record<string, string>> = { url, fingerprint, pin: curlPin(reach) }
  return readFileSync(TEMPLATE, "utf8").replaceAll(/@(\w+)@/g, (whole, name: string) => values[name] ?? whole)
}
