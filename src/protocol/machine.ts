/**
 * What names a machine whatever it is called and wherever it is reached: SHA-256, in hex, of {@link machineText}. Made by the agent,
 * so that what the system has (a Mac's platform UUID, Linux's machine-id) never leaves the host; with the server's id in it, so
 * that two servers cannot find out that they have the same one.
 */

/** What is hashed. */
export function machineText(server: string, id: string): string {
  return `windfall machine\n${server}\n${id}\n`
}

export function isMachine(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value)
}
