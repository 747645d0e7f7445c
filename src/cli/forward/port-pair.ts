import { WindfallError } from "../../protocol/errors.ts"

/** A port of a job's host, and where it is to be had on this machine. */
export interface PortPair {
  readonly port: number
  /** 0 takes a free one. */
  readonly local: number
}

/** Reads `8888` or `8888:9000`, the job's port first. @throws {SyntaxError} saying what would be right */
export function readPortPair(text: string): PortPair {
  const match = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text)
  if (match === null)
    throw new SyntaxError("write a port of the job, as 8888, or with one of this machine, as 8888:9000")
  const port = Number(match[1])
  const local = match[2] === undefined ? port : Number(match[2])
  if (port < 1 || port > 65_535 || local > 65_535) throw new SyntaxError("ports go from 1 to 65535")
  return { port, local }
}

/** What to type where a local port cannot be had. */
export function otherPortHint({ port, local }: PortPair): string {
  return `Choose another one, as ${port}:${local < 60_000 ? local + 1 : 8080}, or let one be found: ${port}:0`
}

/** @throws {WindfallError} invalid_input where two of them want one port of this machine, before anything is started */
export function checkPairs(pairs: readonly PortPair[]): void {
  const taken = new Map<number, PortPair>()
  for (const pair of pairs) {
    const { port, local } = pair
    const other = taken.get(local)
    if (local !== 0) taken.set(local, pair)
    if (other === undefined) continue
    if (other.port === port) {
      throw new WindfallError("invalid_input", `Cannot forward port ${port} twice to port ${local} of this machine`, {
        hint: "Leave one of them out",
      })
    }
    throw new WindfallError(
      "invalid_input",
      `Cannot forward port ${port} to port ${local} of this machine: port ${other.port} is to be there`,
      { hint: otherPortHint(pair) },
    )
  }
}
