import type { DnsRecord } from "./mdns-message.ts"

/** Something on the net that offers ssh, as it says itself. */
export interface SshService {
  readonly name: string
  readonly target: string
  readonly port: number
  readonly addresses: readonly string[]
}

const SERVICE = ["_ssh", "_tcp", "local"]
const MOST_SERVICES = 500

/**
 * What offers `_ssh._tcp`, from all records that came, by name; and names of which it is not known yet where they are. Names are
 * of UTF-8 and can be anything: control characters are taken out of those of services, and targets must be names of machines.
 */
export function sshServices(records: readonly DnsRecord[]): {
  readonly found: readonly SshService[]
  readonly unresolved: readonly (readonly string[])[]
} {
  const instances = new Map<string, readonly string[]>()
  for (const record of records) {
    const isOfSsh = record.type === "ptr" && isSame(record.name, SERVICE) && isSame(record.to.slice(-3), SERVICE)
    if (isOfSsh && record.to.length === 4 && instances.size < MOST_SERVICES) instances.set(keyOf(record.to), record.to)
  }
  const services = new Map<string, Extract<DnsRecord, { type: "srv" }>>()
  const addressesOf = new Map<string, Set<string>>()
  for (const record of records) {
    const key = keyOf(record.name)
    if (record.type === "srv" && !services.has(key)) services.set(key, record)
    if (record.type === "a") addressesOf.set(key, (addressesOf.get(key) ?? new Set()).add(record.address))
  }
  const found: SshService[] = []
  const unresolved: (readonly string[])[] = []
  for (const [key, instance] of instances) {
    const service = services.get(key)
    if (service === undefined) {
      unresolved.push(instance)
      continue
    }
    const target = service.target.join(".")
    if (!isMachineName(target) || service.port === 0) continue
    const addresses = [...(addressesOf.get(keyOf(service.target)) ?? [])]
    found.push({ name: shownName(instance[0] ?? ""), target, port: service.port, addresses })
  }
  return { found: found.sort((a, b) => (a.name < b.name ? -1 : 1)), unresolved }
}

/** What a name looks like to people: without control characters, and without what turns the direction of writing. */
export function shownName(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu, "").slice(0, 63)
}

/** A name that ssh can be given and no shell reads anything into. */
export function isMachineName(target: string): boolean {
  return target.length <= 253 && /^[A-Za-z0-9_]([\w-]*\w)?(\.[A-Za-z0-9_]([\w-]*\w)?)*$/.test(target)
}

/** DNS does not tell upper from lower case, in ASCII. */
function keyOf(name: readonly string[]): string {
  return name.map((label) => label.replace(/[A-Z]/g, (letter) => letter.toLowerCase())).join("\0")
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return keyOf(a) === keyOf(b)
}
