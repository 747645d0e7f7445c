/** The server's own machine, without ssh: `local:ROOT`. */
export const LOCAL = "local:"

/** What a host's name may have; the API takes no other. */
const MAX_NAME = 63

/** "anna@studio-1.lab" becomes studio-1; `null` for an address that is a number, which says nothing about the machine. */
export function nameFromAddress(address: string): string | null {
  if (address.startsWith(LOCAL)) return "local"
  const machine = machineOf(address)
  return isNumber(machine) ? null : (machine.split(".")[0] ?? machine).toLowerCase()
}

/** A name that no other host has: as the machine calls itself, or where that is no name, as its address has it. */
export function freeName(hostname: string, address: string, taken: ReadonlySet<string>): string {
  const own = (hostname.split(".")[0] ?? "").toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-")
  const trimmed = own.replaceAll(/^-+|-+$/g, "").slice(0, MAX_NAME)
  // Every machine calls itself that, and a number would be taken for an address.
  const saysNothing = trimmed === "" || trimmed === "localhost" || isNumber(hostname) || /^\d+$/.test(trimmed)
  const name = saysNothing ? machineOf(address).toLowerCase().replaceAll(":", "-") : trimmed
  for (let number = 1; ; number++) {
    const end = number === 1 ? "" : `-${number}`
    const free = name.slice(0, MAX_NAME - end.length) + end
    if (!taken.has(free)) return free
  }
}

function machineOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1)
}

function isNumber(machine: string): boolean {
  return /^[\d.]+$|:/.test(machine)
}
